"""Nets of the vendor's own model zoo: what the zoo counted and recorded against what is predicted."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tasnet2hef.target.check import check_file, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch

ZOO = Path(__file__).parents[4] / "shared/evidence/zoo"
needs_zoo = pytest.mark.skipif(not ZOO.is_dir(), reason=f"{ZOO} is missing")


@needs_zoo
@pytest.mark.parametrize(
    ("name", "millions", "gops"),
    [("resnet18", 11.68, 3.64), ("mobilenet_v2", 3.49, 0.62), ("regnet_x_800mf", 7.24, 1.60)],
)
def test_weights_and_operations_as_the_zoo_counts_them(name: str, millions: float, gops: float) -> None:
    report = check_file(ZOO / f"{name}.onnx")
    assert report.resources.cost.weights / 1e6 == pytest.approx(millions, rel=0.01)
    assert report.resources.gops == pytest.approx(gops, rel=0.03)
    assert report.resources.fit == "one context"
    assert {finding.rule for finding in report.findings} == {"absent-weights"}


@needs_zoo
def test_resnet_50_fits_one_context_and_all_its_adds_are_fused() -> None:
    report = check_file(ZOO / "resnet50.onnx")
    assert len(report.resources.cost.fused_adds) == 16  # recorded: none is left in the zoo's script
    assert report.resources.fit == "one context with raised caps"  # recorded: caps of 85 %
    assert "max_memory_utilization=0.85" in str(report.resources.to_json()["raised_caps"])
    assert report.errors == ()


def _attention_refinement() -> onnx.ModelProto:
    """Draw the end of a context path: a gated map plus a resized one, as in STDC."""
    graph = GraphSketch()
    deep = graph.node("Relu", graph.conv(graph.input(1, 64, 64, 120), 64, 64, (3, 3), pads=[1, 1, 1, 1]))
    gate = graph.node("Sigmoid", graph.conv(graph.node("GlobalAveragePool", deep), 64, 64))
    gated = graph.node("Mul", deep, gate)
    sizes = graph.integers(1, 64, 128, 240)
    up = graph.node("Resize", graph.node("Add", gated, deep), "", "", sizes, mode="nearest")
    other = graph.node("Relu", graph.conv(graph.input(1, 64, 128, 240), 64, 64))
    return graph.model(graph.conv(graph.node("Add", up, other), 64, 64))


def test_adds_of_products_and_resizes_stay_layers_and_long_pools_behind_a_relu_pass() -> None:
    report = check_graph(OpenedGraph(_attention_refinement()))
    assert report.resources.cost.fused_adds == {}  # recorded: ew_add1 to 3 of stdc1 are layers of their own
    assert report.resources.cost.layers_by_type["ew_mult"] == 1
    assert "mean-too-long" not in {finding.rule for finding in report.findings}
    assert report.errors == ()


def _squeeze_excite(rows: int, features: int) -> onnx.ModelProto:
    graph = GraphSketch()
    depthwise = graph.conv(graph.input(1, features, rows, rows), features, features, (3, 3), group=features)
    source = graph.node("Mul", depthwise, graph.node("Sigmoid", depthwise))
    hidden = graph.conv(graph.node("GlobalAveragePool", source), features, 8)
    gate = graph.conv(graph.node("Mul", hidden, graph.node("Sigmoid", hidden)), 8, features)
    return graph.model(graph.conv(graph.node("Mul", source, graph.node("Sigmoid", gate)), features, 16))


@pytest.mark.parametrize(("rows", "features"), [(112, 32), (56, 96), (28, 240), (7, 1152)])
def test_the_blocks_of_an_efficientnet_are_no_obstacle(rows: int, features: int) -> None:
    report = check_graph(OpenedGraph(_squeeze_excite(rows + 2, features)))
    assert {finding.level for finding in report.findings} <= {"note"}
    types = report.resources.cost.layers_by_type
    assert (types["dw"], types["avgpool"], types["conv"], types["ew_mult"]) == (1, 1, 3, 1)


def test_the_layers_of_a_layer_norm_are_twenty() -> None:
    graph = GraphSketch(opset=17)
    scale = graph.weight(64)
    normed = graph.node("LayerNormalization", graph.input(1, 50, 64), scale, scale, axis=-1)
    assert check_graph(OpenedGraph(graph.model(normed))).resources.cost.compiled_layers == 20
