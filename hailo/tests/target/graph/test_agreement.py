from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.agreement import compare
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.target.graph.conftest import EVIDENCE as ORIGINALS

NOT_COMPARED = ("compilation_params", "quantization_params", "engine", "io_type", "transposed")


@pytest.fixture
def net(tall_block: Path) -> HailoNet:
    return OpenedGraph.read(tall_block).net


def as_hn(net: HailoNet, scope: str) -> dict[str, Any]:
    """Return a net as HN writes it: names scoped, lists for tuples, settings beside it."""
    layers = {}
    for layer in net:
        layers[f"{scope}{layer.name}"] = {
            "type": layer.type,
            "input": [f"{scope}{name}" for name in layer.inputs],
            "output": [f"{scope}{name}" for name in layer.outputs],
            "input_shapes": [list(shape) for shape in layer.input_shapes],
            "output_shapes": [list(shape) for shape in layer.output_shapes],
            "original_names": list(layer.original_names),
            "quantization_params": {"precision_mode": "a8_w8"},
            "params": {k: list(v) if isinstance(v, tuple) else v for k, v in layer.param_items},
            "weights": float(layer.weights),
            "macs": layer.macs,
            "ops": layer.ops,
        }
    return {"name": "net", "layers": layers}


@pytest.mark.parametrize("scope", ["", "convtas/"])
def test_equal_nets_agree_with_or_without_scope(net: HailoNet, scope: str) -> None:
    agreement = compare(net, as_hn(net, scope))
    assert agreement.complete
    assert agreement.layers.agreeing == agreement.layers.total == len(net)
    assert agreement.fields["params.kernel_shape"].total == 4


def test_a_whole_profile_is_accepted(net: HailoNet) -> None:
    assert compare(net, {"stats": {}, "hn_model": as_hn(net, "a/")}).complete


def test_one_changed_field_is_counted_and_named(net: HailoNet) -> None:
    recorded = as_hn(net, "n/")
    recorded["layers"]["n/dw1"]["params"]["padding"] = "SAME"
    agreement = compare(net, recorded)
    assert agreement.layers.agreeing == len(net) - 1
    assert (agreement.fields["params.padding"].agreeing, agreement.fields["params.padding"].total) == (3, 4)
    assert [str(difference) for difference in agreement.differences] == [
        "dw1.params.padding: predicted SAME_TENSORFLOW, recorded SAME"
    ]


def test_missing_and_extra_layers(net: HailoNet) -> None:
    recorded = as_hn(net, "")
    layer = recorded["layers"].pop("conv3")
    recorded["layers"]["other1"] = {**layer, "type": "other", "original_names": ["elsewhere"]}
    agreement = compare(net, recorded)
    assert agreement.extra == ("conv3",)
    assert agreement.missing == ("other1",)
    assert not agreement.complete
    assert agreement.fields["type"].agreeing == agreement.fields["type"].total - 1


def test_swapped_names_spoil_names_only(net: HailoNet) -> None:
    recorded = as_hn(net, "")
    layers = recorded["layers"]
    layers["conv2"], layers["conv3"] = copy.deepcopy(layers["conv3"]), copy.deepcopy(layers["conv2"])
    fields = compare(net, recorded).fields
    assert fields["name"].agreeing == len(net) - 2
    assert fields["original_names"].agreeing == len(net)
    assert fields["input_shapes"].agreeing == len(net)


def test_absent_parameter_counts_against(net: HailoNet) -> None:
    recorded = as_hn(net, "")
    del recorded["layers"]["conv1"]["params"]["leaky_alpha"]
    (difference,) = compare(net, recorded).differences
    assert (difference.field, difference.predicted, difference.recorded) == (
        "params.leaky_alpha",
        0.25,
        "(absent)",
    )


@pytest.mark.parametrize("recorded", [{}, {"layers": {}}, {"hn_model": None}, {"layers": "text"}])
def test_no_layers_is_one_line(net: HailoNet, recorded: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match="found no layers"):
        compare(net, recorded)


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason=f"the original parse is not at {ORIGINALS}")
def test_the_recorded_layers_are_the_originals(evidence: Path) -> None:
    recorded, original = (
        json.loads((folder / "seed_wide_dfc3.33_parsed.json").read_text()) for folder in (evidence, ORIGINALS)
    )
    assert list(recorded["hn_model"]["layers"]) == list(original["hn_model"]["layers"])
    for name, layer in original["hn_model"]["layers"].items():
        compared = {field: value for field, value in layer.items() if field not in NOT_COMPARED}
        assert recorded["hn_model"]["layers"][name] == compared
    totals = recorded["stats"]["model_details"]
    assert totals == {name: original["stats"]["model_details"][name] for name in totals}


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason=f"the original export is not at {ORIGINALS}")
def test_the_recorded_graph_is_the_original(evidence: Path) -> None:
    recorded, original = (
        onnx.load(folder / "seed_wide_export.onnx", load_external_data=False) for folder in (evidence, ORIGINALS)
    )
    assert _facts_of(recorded) == _facts_of(original)
    values = {
        tensor.name: numpy_helper.to_array(tensor) for tensor in original.graph.initializer if _has_values(tensor)
    }
    for tensor in filter(_has_values, recorded.graph.initializer):
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), values[tensor.name])


def _has_values(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_location != onnx.TensorProto.EXTERNAL)


def _facts_of(model: onnx.ModelProto) -> dict[str, Any]:
    graph = model.graph
    return {
        "opset": model.opset_import[0].version,
        "nodes": [
            (node.name, node.op_type, list(node.input), list(node.output), sorted(map(str, node.attribute)))
            for node in graph.node
        ],
        "inputs": [(value.name, str(value.type)) for value in graph.input],
        "outputs": [value.name for value in graph.output],
        "constants": [(tensor.name, tensor.data_type, list(tensor.dims)) for tensor in graph.initializer],
    }
