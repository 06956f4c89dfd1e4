"""Graphs of the kinds that a device runs: with past rows, cut into two segments, and with ends on the host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.host_ends import split_ends
from tasnet2hef.runtime.backends.segment_names import paths_of_segments
from tests.quantize.small_net import save_net

STRIDE, HIDDEN, PAST = 8, 12, 2
BORDER = "tcn_00/residual_sum"
Shape = tuple[int, ...]


def save_stateful(path: Path, chunk_frames: int = 20) -> Path:
    """Save a causal net of one block: each source is a filter over the past rows and the chunk's own."""
    spec = TasNetSpec.from_options(
        {"n_src": 2, "n_blocks": 1, "n_repeats": 1, "hid_chan": HIDDEN, "causal": True, "norm_type": "bN"}
    )
    contract = GraphContract(spec=spec, window_frames=chunk_frames, norm="folded", stateful=True)
    (state,), (after,) = contract.state_shapes, contract.next_state_names
    generator = np.random.default_rng(0)
    weights = {
        "expand/weight": generator.normal(0, 0.3, (HIDDEN, STRIDE, 1, 1)),
        "source_1/weight": generator.normal(0, 0.2, (STRIDE, HIDDEN, PAST + 1, 1)),
        "source_2/weight": generator.normal(0, 0.2, (STRIDE, HIDDEN, PAST + 1, 1)),
    }
    bounds = {"start": [chunk_frames - PAST], "end": [chunk_frames], "axis": [2]}
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "expand/weight"], ["hidden"], name="expand"),
        helper.make_node("Concat", [state, "hidden"], ["seen"], name="seen", axis=2),
        helper.make_node("Slice", ["hidden", *bounds], [after], name=after),
        *(helper.make_node("Conv", ["seen", f"{n}/weight"], [n], name=f"{n}/decoder") for n in output_names(2)),
    ]
    stored = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()]
    stored += [numpy_helper.from_array(np.asarray(value, np.int64), name) for name, value in bounds.items()]
    ends = {INPUT_NAME: contract.input_shape, **contract.state_shapes}
    shapes = dict.fromkeys(output_names(2), contract.input_shape) | {after: contract.state_shapes[state]}
    return _save(path, nodes, (ends, shapes), contract, stored)


def save_segments(folder: Path, contract: GraphContract) -> list[Path]:
    """Save the sign-splitting net in two: the positive part crosses the border."""
    shape = contract.input_shape
    frames, border = {INPUT_NAME: shape}, {BORDER: shape}
    sources = dict.fromkeys(output_names(2), shape)
    parts = [
        ([helper.make_node("Relu", [INPUT_NAME], [BORDER], name=BORDER)], frames, border),
        (
            [
                helper.make_node("Identity", [INPUT_NAME], ["represented"], name="encoder"),
                helper.make_node("Sub", ["represented", BORDER], ["source_2"], name="source_2/decoder"),
                helper.make_node("Identity", [BORDER], ["source_1"], name="source_1/decoder"),
            ],
            frames | border,
            sources,
        ),
    ]
    return [
        _save(
            folder / f"net.segment_{number}.onnx",
            nodes,
            (taken, shapes),
            replace(contract, segment=number, segments=2, segment_of="abc"),
        )
        for number, (nodes, taken, shapes) in enumerate(parts, start=1)
    ]


def save_parts(folder: Path, seed: int = 0) -> tuple[Path, Path, Path]:
    """Save ``net.onnx`` of windows of 1 s, and beside it the host's encoder, the chip part and the decoder."""
    whole = save_net(folder / "net.onnx", window_frames=999, seed=seed)
    parts = split_ends(onnx.shape_inference.infer_shapes(onnx.load(whole)))
    encoder, chip, decoder = paths_of_segments(whole, 3, "host")
    for part, path in zip(parts, (encoder, chip, decoder), strict=True):
        onnx.save(part, path)
    return encoder, chip, decoder


def _save(
    path: Path,
    nodes: list[Any],
    ends: tuple[dict[str, Shape], dict[str, Shape]],
    contract: GraphContract,
    weights: list[Any] | None = None,
) -> Path:
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in end.items()]
        for end in ends
    )
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights or [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
