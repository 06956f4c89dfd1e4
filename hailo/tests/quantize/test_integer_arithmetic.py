"""The simulation against plain integers, and against ONNX Runtime's own integer convolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.quantize.borders import find_borders
from tasnet2hef.quantize.lifted_model import lift
from tasnet2hef.quantize.number_format import ActivationFormat, round_weights, weight_scale
from tasnet2hef.quantize.switchable_net import SwitchableNet, format_feeds
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.parser import parse
from tests.quantize.small_net import save_graph

FEATURES = 4


def one_convolution(path: Path, weights: np.ndarray, bias: np.ndarray, rows: int) -> tuple[Path, GraphContract]:
    """Save a net that is a single 1x1 convolution with a ReLU."""
    options = {"n_src": 1, "kernel_size": FEATURES, "stride": FEATURES}
    contract = GraphContract(spec=TasNetSpec.from_options(options), window_frames=rows, norm="folded")
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "w", "b"], ["c"], name="conv", kernel_shape=[1, 1]),
        helper.make_node("Relu", ["c"], ["source_1"], name="relu"),
    ]
    stored = [
        numpy_helper.from_array(weights.astype(np.float32).reshape(FEATURES, FEATURES, 1, 1), "w"),
        numpy_helper.from_array(bias.astype(np.float32), "b"),
    ]
    return save_graph(path, nodes, stored, contract), contract


def simulate(path: Path, contract: GraphContract, frames: np.ndarray, formats: dict[str, ActivationFormat]):
    """Return the simulated output ``[row, feature]`` with 8-bit weights and given formats."""
    loaded = OpenedGraph.read(path).loaded
    net = parse(loaded)
    borders = find_borders(net)
    import onnx

    lifted = lift(onnx.load(str(path)), net, borders, loaded.constants)
    switchable = SwitchableNet(lifted, borders.borders, contract, 1)
    feeds = {}
    for border in borders:
        feeds.update(format_feeds(border.layer, formats[border.layer]))
    for slot in lifted.slots:
        feeds[slot.weight] = round_weights(lifted.values[slot.weight], 8)
        feeds[slot.bias] = lifted.values[slot.bias]
    return switchable.with_feeds(feeds).run(frames)[0]


@pytest.fixture
def case(tmp_path):
    """Random weights, biases on the accumulator's grid, and the formats of input and output."""
    generator = np.random.default_rng(3)
    weights = generator.normal(0, 1, (FEATURES, FEATURES))
    source, result = ActivationFormat(1 / 64, 100), ActivationFormat(1 / 16, 0)
    step = source.scale * weight_scale(weights.astype(np.float32), 8)
    bias = generator.integers(-3000, 3000, FEATURES) * step
    path, contract = one_convolution(tmp_path / "conv.onnx", weights, bias, 300)
    frames = generator.uniform(-1.5, 2.3, (300, FEATURES)).astype(np.float32)
    return path, contract, weights, bias, frames, source, result


def integer_codes(weights, bias, frames, source, result) -> np.ndarray:
    """Return the output codes by integer arithmetic alone, the last scaling apart: what a chip computes."""
    scale = weight_scale(weights.astype(np.float32), 8)
    weight_codes = np.rint(weights / scale).astype(np.int64)
    bias_codes = np.rint(bias / (source.scale * scale)).astype(np.int64)
    sums = (source.codes(frames) - source.zero_point) @ weight_codes.T + bias_codes
    codes = np.rint(np.maximum(sums, 0) * (source.scale * scale / result.scale)) + result.zero_point
    return np.clip(codes, 0, 255).astype(np.int64)


def test_by_hand(tmp_path):
    weights = np.diag([1.27, -1.27, 0.635, 0.01])
    path, contract = one_convolution(tmp_path / "hand.onnx", weights, np.array([0, 0, 1.0, 0]), 1)
    formats = {"input_layer1": ActivationFormat(0.5, 0), "conv1": ActivationFormat(0.25, 0)}
    actual = simulate(path, contract, np.array([[1.2, 3.0, 2.2, 400.0]], np.float32), formats)
    # inputs 1.0, 3.0, 2.0 and 127.5 (clipped); weights 1.27, -1.27, 0.64 (code 64, 63.5 rounds to even) and 0.01:
    # 1.27, ReLU of -3.81, 2.28, 1.275: in steps of 0.25
    assert actual.tolist() == [[1.25, 0.0, 2.25, 1.25]]


def test_equals_integer_arithmetic(case):
    path, contract, weights, bias, frames, source, result = case
    actual = simulate(path, contract, frames, {"input_layer1": source, "conv1": result})
    expected = integer_codes(weights, bias, frames, source, result)
    codes = np.rint(actual / result.scale).astype(np.int64) + result.zero_point
    assert np.abs(codes - expected).max() <= 1, "more than one code apart"
    assert (codes != expected).mean() < 0.002, "differs where float rounding is no excuse"
    assert len(np.unique(codes)) > 50


def test_equals_onnx_runtimes_integer_convolution(case):
    path, contract, weights, bias, frames, source, result = case
    scale = weight_scale(weights.astype(np.float32), 8)
    codes = source.codes(frames).T.reshape(1, FEATURES, -1, 1).astype(np.uint8)
    stored = {
        "xs": np.float32(source.scale),
        "xz": np.uint8(source.zero_point),
        "w": np.rint(weights / scale).astype(np.int8).reshape(FEATURES, FEATURES, 1, 1),
        "ws": np.float32(scale),
        "wz": np.int8(0),
        "ys": np.float32(result.scale),
        "yz": np.uint8(result.zero_point),
        "b": np.rint(bias / (source.scale * scale)).astype(np.int32),
    }
    node = helper.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], ["y"])
    graph = helper.make_graph(
        [node],
        "integers",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, codes.shape)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, codes.shape)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": codes})[0].reshape(FEATURES, -1).T.astype(int)
    actual = simulate(path, contract, frames, {"input_layer1": source, "conv1": result})
    assert np.abs(np.rint(actual / result.scale) - expected).max() <= 1
