"""Small ONNX files for the tests of the predicted graph, and the folder of original records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph

Shapes = Mapping[str, Sequence[int | str]]
Constants = Mapping[str, np.ndarray]
Save = Callable[..., Path]
ParseNet = Callable[..., HailoNet]

EVIDENCE = Path(__file__).resolve().parents[5] / "shared" / "evidence"


def model_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Shapes,
    outputs: Sequence[str],
    constants: Constants | None = None,
    opset: int = 17,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(*args: object, **options: object) -> Path:
        path = tmp_path / "net.onnx"
        path.write_bytes(model_of(*args, **options).SerializeToString())
        return path

    return write


@pytest.fixture
def net_of(save: Save) -> ParseNet:
    def build(*args: object, **options: object) -> HailoNet:
        return OpenedGraph.read(save(*args, **options)).net

    return build


@pytest.fixture
def tall_block(save: Save) -> Path:
    """One tall TCN block: state of 8 features, 16 hidden, 40 frames, dilation 4, and a skip sum."""
    rng = np.random.default_rng(0)
    weights = {
        "w_in": rng.standard_normal((16, 8, 1, 1), np.float32),
        "w_dw": rng.standard_normal((16, 1, 3, 1), np.float32),
        "w_res": rng.standard_normal((8, 16, 1, 1), np.float32),
        "w_skip": rng.standard_normal((8, 16, 1, 1), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w_in"], ["h"], "in"),
        helper.make_node("LeakyRelu", ["h"], ["a"], "act", alpha=0.25),
        helper.make_node("Conv", ["a", "w_dw"], ["d"], "dw", group=16, dilations=[4, 1], pads=[4, 0, 4, 0]),
        helper.make_node("Conv", ["d", "w_res"], ["r"], "res"),
        helper.make_node("Conv", ["d", "w_skip"], ["k"], "skip"),
        helper.make_node("Add", ["x", "r"], ["y"], "add_res"),
        helper.make_node("Add", ["s", "k"], ["t"], "add_skip"),
    ]
    shape = [1, 8, 40, 1]
    return save(nodes, {"x": shape, "s": shape}, ["y", "t"], weights)
