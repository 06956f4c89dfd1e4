"""Each limit at its edge: the last value that passes, the first that warns, the first that is refused."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tasnet2hef.target.check import check_file, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.patch import patch_file
from tasnet2hef.target.rules import GraphSketch

REPORTED = Path(__file__).parents[5] / "shared/evidence/tried"
needs_reports = pytest.mark.skipif(not REPORTED.is_dir(), reason=f"{REPORTED} is missing")


def levels(model: onnx.ModelProto, rule: str, chip: str = "hailo8") -> set[str]:
    return {finding.level for finding in check_graph(OpenedGraph(model), chip).findings if finding.rule == rule}


@pytest.mark.parametrize(
    ("width", "features", "expected"),
    [
        (1024, 256, set()),
        (512, 512, set()),
        (1025, 256, {"warning"}),
        (1000, 384, {"warning"}),
        (1999, 256, {"warning"}),
        (2000, 256, {"error"}),
        (1000, 512, {"error"}),
    ],
)
def test_rows(width: int, features: int, expected: set[str]) -> None:
    graph = GraphSketch()
    assert (
        levels(graph.model(graph.conv(graph.input(1, features, 1, width), features, 2)), "row-too-wide")
        == expected
    )


@pytest.mark.parametrize(
    ("positions", "expected"), [(255, set()), (256, {"warning"}), (1998, {"warning"}), (1999, {"error"})]
)
def test_means_of_values_on_both_sides_of_zero(positions: int, expected: set[str]) -> None:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, positions, 1), 8, 8)
    assert levels(graph.model(graph.node("ReduceMean", source, axes=[2])), "mean-too-long") == expected


@pytest.mark.parametrize("activation", ["Relu", "Sigmoid", "HardSwish", "Softplus"])
@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [(32, 60, set()), (64, 120, set()), (112, 112, {"note"}), (128, 240, {"note"})],
)
def test_means_of_values_of_one_sign(activation: str, rows: int, columns: int, expected: set[str]) -> None:
    graph = GraphSketch(opset=14)
    source = graph.node(activation, graph.conv(graph.input(1, 8, rows, columns), 8, 8))
    model = graph.model(graph.node("GlobalAveragePool", graph.node("Identity", source)))
    assert levels(model, "mean-too-long") == expected


def test_a_long_mean_of_signed_values_for_a_gate_only_warns() -> None:
    graph = GraphSketch()
    pooled = graph.node("GlobalAveragePool", graph.conv(graph.input(1, 8, 56, 56), 8, 8))
    assert levels(graph.model(graph.conv(pooled, 8, 8)), "mean-too-long") == {"warning"}


def test_a_long_mean_names_the_line_of_the_model_script() -> None:
    graph = GraphSketch()
    source = graph.node("Relu", graph.conv(graph.input(1, 8, 128, 240), 8, 8))
    (finding,) = check_graph(OpenedGraph(graph.model(graph.node("GlobalAveragePool", source)))).findings
    assert "(global_avgpool_reduction, layers=[avgpool1], division_factors=[128, 1])" in finding.message


def test_a_mean_over_height_and_width_counts_both() -> None:
    graph = GraphSketch()
    mean = graph.node("GlobalAveragePool", graph.input(1, 8, 48, 48))
    assert levels(graph.model(mean), "mean-too-long") == {"error"}


@pytest.mark.parametrize(
    ("features", "dilation", "expected"),
    [
        (512, 31, set()),
        (512, 32, {"note"}),
        (512, 63, {"note"}),
        (512, 64, {"warning"}),
        (64, 127, set()),
        (64, 128, {"warning"}),
    ],
)
def test_windows(features: int, dilation: int, expected: set[str]) -> None:
    graph = GraphSketch()
    output = graph.conv(
        graph.input(1, features, 600, 1),
        features,
        features,
        (3, 1),
        group=features,
        dilations=[dilation, 1],
        pads=[dilation, 0, dilation, 0],
    )
    assert levels(graph.model(output), "sliding-window") == expected


def test_a_window_names_its_exact_split() -> None:
    graph = GraphSketch()
    output = graph.conv(
        graph.input(1, 512, 600, 1), 512, 512, (3, 1), group=512, dilations=[64, 1], pads=[64, 0, 64, 0]
    )
    (finding,) = check_graph(OpenedGraph(graph.model(output))).findings
    assert "129 rows of 512 bytes = 66,048 bytes" in finding.message
    assert "3 depthwise convolutions" in finding.fix


@pytest.mark.parametrize(
    ("chip", "layers", "expected"),
    [
        ("hailo8", 96, set()),
        ("hailo8", 97, {"warning"}),
        ("hailo8", 129, {"warning"}),
        ("hailo8l", 48, set()),
        ("hailo8l", 49, {"warning"}),
        ("hailo10h", 60, set()),
        ("hailo10h", 61, {"warning"}),
    ],
)
def test_layers(chip: str, layers: int, expected: set[str]) -> None:
    graph = GraphSketch()
    tensor = graph.input(1, 8, 8, 8)
    for _ in range(layers):
        tensor = graph.node("Relu", graph.conv(tensor, 8, 8))
    assert levels(graph.model(tensor), "too-many-layers", chip) == expected


def test_a_graph_that_parsed_is_not_refused_at_parsing(evidence: Path) -> None:
    errors = check_file(evidence / "seed_wide_export.onnx").errors
    assert {finding.rule for finding in errors} == {
        "row-too-wide",
        "concat-too-wide",
        "mean-too-long",
        "grouped-deconvolution",
    }
    assert {finding.stage for finding in errors} == {"optimize", "compile"}


@needs_reports
@pytest.mark.parametrize(
    ("graph", "chip", "expected"),
    [
        ("r05_floor_silent", "hailo8", "silently-not-performed"),
        ("r06b_min_two", "hailo8", "min-of-maps"),
        ("r06c_where", "hailo8", "unsupported-operator"),
        ("r10_rank2", "hailo8", "rank-two-input"),
        ("r11_ir13_op17", "hailo8", "ir-version"),
        ("r12_resize_17_513_half_pixel", "hailo8l", "resize-program"),
        ("r13b_tile_batch", "hailo8", "batch-join"),
        ("r16_qdq", "hailo8", "quantised-graph"),
        ("r36_linear_attention", "hailo8", "signed-product"),
        ("r62_attention_rank3_mask", "hailo10h", "attention-mask-rank"),
    ],
)
def test_a_reported_failure_is_found(graph: str, chip: str, expected: str) -> None:
    errors = check_file(REPORTED / f"{graph}.onnx", chip).errors
    assert {finding.rule for finding in errors} == {expected}


@needs_reports
@pytest.mark.parametrize(
    ("graph", "rule"), [("r01b_step2_slice", "slice-form"), ("r03b_groupnorm_op", "group-norm")]
)
def test_a_reported_form_without_the_compilers_words_is_a_warning(graph: str, rule: str) -> None:
    report = check_file(REPORTED / f"{graph}.onnx")
    assert {(finding.rule, finding.level) for finding in report.findings} == {(rule, "warning")}


@pytest.mark.parametrize(
    ("pixels", "chip", "expected"),
    [
        (224, "hailo8l", set()),
        (240, "hailo8l", {"warning"}),
        (640, "hailo8l", {"error"}),
        (640, "hailo8", {"warning"}),
    ],
)
def test_patches(pixels: int, chip: str, expected: set[str]) -> None:
    graph = GraphSketch()
    source = graph.input(1, 3, pixels, pixels)
    assert (
        levels(graph.model(graph.conv(source, 3, 64, (16, 16), strides=[16, 16])), "patch-convolution", chip)
        == expected
    )


@pytest.mark.parametrize(
    ("columns", "features", "expected"),
    [
        (197, 3072, set()),
        (500, 1536, set()),
        (500, 1540, {"warning"}),
        (600, 1024, {"warning"}),
        (1000, 512, {"error"}),
    ],
)
def test_rows_of_few_columns_are_split_over_their_features(
    columns: int, features: int, expected: set[str]
) -> None:
    graph = GraphSketch()
    dense = graph.node("MatMul", graph.input(1, columns, 64), graph.weight(64, features))
    assert levels(graph.model(dense), "row-too-wide") == expected


def test_a_product_of_two_inputs_is_named() -> None:
    graph = GraphSketch()
    product = graph.node("MatMul", graph.input(1, 4, 8, 16), graph.input(1, 4, 16, 8))
    assert levels(graph.model(product), "signed-product") == {"warning"}
    assert levels(graph.model(product), "product-of-inputs") == {"warning"}


@needs_reports
def test_a_convolution_without_kernel_shape_is_repaired(tmp_path: Path) -> None:
    found = check_file(REPORTED / "r63_conv_no_kernel_shape.onnx").findings
    assert {finding.rule for finding in found} == {"kernel-shape-missing"}
    patch_file(REPORTED / "r63_conv_no_kernel_shape.onnx", tmp_path / "patched.onnx")
    assert check_file(tmp_path / "patched.onnx").findings == ()
