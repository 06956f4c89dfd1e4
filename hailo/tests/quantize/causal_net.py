"""A causal net of two blocks with a state each, written node by node: chunks of any length, the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.spec import TasNetSpec
from tests.quantize.small_net import BOTTLENECK, FILTERS, HIDDEN, STRIDE, NetWriter

SPEC = TasNetSpec.from_options(
    {
        "n_src": 2,
        "n_filters": FILTERS,
        "kernel_size": 16,
        "stride": STRIDE,
        "hid_chan": HIDDEN,
        "n_blocks": 2,
        "n_repeats": 1,
        "causal": True,
        "norm_type": "bN",
    }
)


def hidden(block: int) -> str:
    """Name the tensor whose last rows are a block's next state."""
    return f"tcn_{block:02d}/expand_activation"


def save_causal(path: Path, chunk_frames: int = 4, seed: int = 0, *, encoder_padding: int = 0) -> Path:
    """Save the net with chunks of ``chunk_frames``; a receptive field is 7 frames."""
    spec = TasNetSpec(**{**SPEC.as_dict(), "encoder_padding": encoder_padding})
    contract = GraphContract(spec=spec, window_frames=chunk_frames, norm="folded", stateful=True)
    writer = NetWriter(seed)
    encoder = writer.conv("encoder", INPUT_NAME, (FILTERS, STRIDE, 2))
    stream = writer.conv("bottleneck", encoder, (BOTTLENECK, FILTERS, 1))
    for block, (state, after) in enumerate(zip(contract.state_shapes, contract.next_state_names, strict=True)):
        stream = _block(writer, stream, block, state, after, spec.dilations[block], chunk_frames)
    for number, name in enumerate(output_names(2), start=1):
        mask = writer.conv(f"masks/source_{number}", stream, (FILTERS, BOTTLENECK, 1))
        masked = writer.node("Mul", f"{name}/masked", encoder, writer.node("Sigmoid", f"{name}/mask", mask))
        writer.conv(f"{name}/decoder", masked, (STRIDE, FILTERS, 2), pads=[1, 0, 1, 0])
        writer.nodes[-1].output[0] = name
    return _save(path, writer, contract)


def _block(
    writer: NetWriter, stream: str, block: int, state: str, after: str, dilation: int, chunk_frames: int
) -> str:
    name = f"tcn_{block:02d}"
    expanded = writer.conv(f"{name}/expand", stream, (HIDDEN, BOTTLENECK, 1))
    active = writer.node("LeakyRelu", hidden(block), expanded, alpha=0.2)
    joined = writer.node("Concat", f"{name}/with_past", state, active, axis=2)
    rows = 2 * dilation
    bounds = {"starts": [chunk_frames], "ends": [chunk_frames + rows], "axes": [2]}
    for bound, value in bounds.items():
        writer.weights.append(numpy_helper.from_array(_int64(value), f"{after}/{bound}"))
    writer.node("Slice", after, joined, *(f"{after}/{bound}" for bound in bounds))
    deep = writer.conv(f"{name}/depthwise", joined, (HIDDEN, 1, 3), group=HIDDEN, dilations=[dilation, 1])
    residual = writer.conv(f"{name}/residual", deep, (BOTTLENECK, HIDDEN, 1))
    return writer.node("Add", f"{name}/residual_sum", stream, residual)


def _int64(values: list[int]) -> np.ndarray:
    return np.asarray(values, np.int64)


def _save(path: Path, writer: NetWriter, contract: GraphContract) -> Path:
    states = contract.state_shapes
    ends = {INPUT_NAME: contract.input_shape, **states}
    shapes = dict.fromkeys(output_names(2), contract.input_shape)
    shapes |= zip(contract.next_state_names, states.values(), strict=True)
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each.items()]
        for each in (ends, shapes)
    )
    graph = helper.make_graph(writer.nodes, "causal", inputs, outputs, writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
