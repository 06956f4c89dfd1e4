from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import INPUT_NAME
from tasnet2hef.quantize.borders import find_borders
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.test_integer_arithmetic import one_convolution


@pytest.fixture(scope="module")
def borders(model):
    return {border.layer: border for border in find_borders(OpenedGraph.read(model).net)}


def test_a_convolution_with_bias_and_activation_is_one_border(borders):
    by_node = {border.original_names: border.tensor for border in borders.values()}
    assert by_node["tcn_00/expand", "tcn_00/expand_activation"] == "tcn_00/expand_activation"
    assert by_node["masks/source_1", "masks/activation_1"] == "masks/activation_1"
    assert "tcn_00/expand" not in by_node.values()


def test_a_fused_add_and_its_convolution_are_one_border(borders):
    border = next(border for border in borders.values() if border.tensor == "tcn_00/residual_sum")
    assert border.original_names == ("tcn_00/residual", "tcn_00/residual_sum")
    assert len(border.fused) == 1
    assert not any(other.tensor == "tcn_00/residual" for other in borders.values())


def test_layers_that_only_move_values_have_none(borders):
    kinds = {name.rstrip("0123456789") for name in borders}
    assert not kinds & {"resize", "output_layer", "external_pad", "shortcut"}
    carried = [name for border in borders.values() for name in border.carriers]
    assert any(name.startswith("resize") for name in carried)
    assert {"output_layer1", "output_layer2"} <= set(carried)


def test_the_compiler_inverts_and_then_multiplies(borders):
    inverse = next(border for border in borders.values() if border.inverse_of)
    assert (inverse.layer, inverse.inverse_of) == ("activation1", "bottleneck_norm/deviation")
    assert borders["ew_mult1"].tensor == "bottleneck_norm/normalised" or any(
        border.tensor == "bottleneck_norm/normalised" for border in borders.values()
    )


def test_every_tensor_is_one_border_only(borders):
    tensors = [border.tensor for border in borders.values()]
    assert len(tensors) == len(set(tensors)) == len(borders)


def test_sixteen_bits_cost_what_is_stored_and_moved(borders):
    encoder = next(border for border in borders.values() if border.tensor == "encoder")
    assert encoder.extra_bits == 8 * (16 * 8 * 2 + 16 + 99 * 16)


def test_an_unsupported_node_is_refused(tmp_path):
    path, _ = one_convolution(tmp_path / "odd.onnx", np.eye(4), np.zeros(4), 8)
    graph = onnx.load(str(path))
    graph.graph.node[1].CopyFrom(helper.make_node("Round", ["c"], ["source_1"], name="odd"))
    onnx.save(graph, str(path))
    with pytest.raises(GraphError, match=r"node odd: .*tasnet2hef check"):
        find_borders(OpenedGraph.read(path).net)


def test_hidden_borders_are_reported(tmp_path):
    path, _ = one_convolution(tmp_path / "hidden.onnx", np.eye(4), np.zeros(4), 8)
    graph = onnx.load(str(path))
    graph.graph.initializer.append(numpy_helper.from_array(np.ones((1, 4, 8, 1), np.float32), "table"))
    graph.graph.node[1].CopyFrom(helper.make_node("Mul", ["c", "table"], ["source_1"], name="scaled"))
    onnx.save(graph, str(path))
    borders = find_borders(OpenedGraph.read(path).net)
    assert borders.hidden == ("const_input1",)
    assert INPUT_NAME in [border.tensor for border in borders]
