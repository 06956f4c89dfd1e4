from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.agreement import compare
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph


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
    with pytest.raises(GraphError, match="holds no layers"):
        compare(net, recorded)
