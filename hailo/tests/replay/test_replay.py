"""The three earlier exports, replayed: what the parser makes of them, and what `check` says of each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.target.check import CheckReport, check_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.finding import Finding
from tests.replay import plain_3d, tall_4d, wide
from tests.replay.attempts import ATTEMPTS, model_of, net_of, report_of, save

LARGEST_FILE_BYTES = 200_000
SMALL = TasNetSpec(
    n_src=3, n_filters=16, bn_chan=8, hid_chan=12, skip_chan=6, n_blocks=2, n_repeats=1, out_chan=16
)


@pytest.fixture(scope="module", params=ATTEMPTS)
def attempt(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _said(report: CheckReport, *parts: str, level: str = "error") -> list[Finding]:
    """Return the findings of a level that hold every one of some texts, in message, layer or source."""
    texts = {finding: f"{finding.layer} {finding.message} {finding.source}" for finding in report.findings}
    return [each for each, text in texts.items() if each.level == level and all(part in text for part in parts)]


@pytest.mark.slow
def test_files_are_small_and_judged_alike(attempt: str, tmp_path: Path) -> None:
    report, file = report_of(attempt), save(attempt, tmp_path)
    assert file.stat().st_size < LARGEST_FILE_BYTES
    assert check_file(file).to_json() == report.to_json()


@pytest.mark.parametrize("build", [plain_3d.build, tall_4d.build, wide.build])
def test_any_size_can_be_built(build: object) -> None:
    graph = OpenedGraph(build(SMALL, 404)).loaded  # type: ignore[operator]
    assert len([node for node in graph.nodes if node.op_type == "Conv"]) == 1 + 1 + 2 * 4 - 1 + 1


def test_the_plain_attempt_is_refused_for_its_rank() -> None:
    refused = _said(report_of("plain 3-D"), "3 axes, expected 4", "UnsupportedConv3DError")
    convolutions = Counter(node.op_type for node in model_of("plain 3-D").graph.node)
    assert len(refused) == convolutions["Conv"] + convolutions["ConvTranspose"] == 99
    assert {each.stage for each in refused} == {"translate"}


def test_the_plain_attempt_is_refused_for_its_masks() -> None:
    (each,) = _said(report_of("plain 3-D"), "Reshape [1, 1024, 1999] -> [1, 2, 512, 1999] shuffles")
    assert each.nodes == ("/masker/Reshape",)


def test_the_tall_attempt_is_refused_for_its_slopes() -> None:
    squared = f"{512 * 512:,} features of 512 x 512"
    refused = _said(report_of("tall 4-D"), "Unsupported dimensions", squared)
    assert len(refused) == 2 * 24
    assert refused[0].layer == "activation2"
    assert net_of("tall 4-D")["activation2"].shape == (-1, 1999, 1, 262_144)
    (mask,) = _said(report_of("tall 4-D"), "slope of shape [128]")
    assert "16,384 features of 128 x 128" in mask.message


@pytest.mark.slow
@pytest.mark.parametrize("slopes", ["[1]", "[1, 1, 1, 1]"])
def test_one_slope_is_not_reported_as_squared(slopes: str) -> None:
    net = OpenedGraph(tall_4d.build(slopes=slopes)).net
    assert max(layer.shape[-1] for layer in net) == 1024


def test_the_tall_attempt_is_refused_for_its_five_axes() -> None:
    refused = _said(report_of("tall 4-D"), "[1, 2, 512, 1999, 1]: more than 4 axes")
    assert ("node_expand",) in [each.nodes for each in refused]


def test_the_wide_attempt_has_the_recorded_nodes_and_layers() -> None:
    assert len(model_of("wide 4-D").graph.node) == 837
    assert len(net_of("wide 4-D")) == 1179


def test_the_wide_attempt_holds_whole_constants() -> None:
    constants = _said(report_of("wide 4-D"), "a constant is held as a map", level="warning")
    assert len(constants) == 98
    assert sum("(1,023,488 values)" in each.message for each in constants) == 96  # the last two: 128 features


def test_the_wide_attempt_is_refused_for_its_means() -> None:
    words = "Desired shift is 10.0, but op has only 8 data bits"
    refused = _said(report_of("wide 4-D"), "a mean over 1,999 values", words)
    assert [each.layer for each in refused] == [f"avgpool{number}" for number in range(1, 99)]
    named_by_the_compiler = refused[5]  # ne_activation_avgpool6
    assert (named_by_the_compiler.layer, named_by_the_compiler.nodes) == ("avgpool6", ("node_mean_10",))


def test_the_wide_attempt_is_refused_for_its_rows() -> None:
    refused = _said(
        report_of("wide 4-D"), "a row of 1,023,488 bytes (1999 columns x 512 features)", "Agent infeasible"
    )
    assert len(refused) > 500


def test_the_wide_attempt_is_refused_for_its_decoder() -> None:
    (each,) = _said(report_of("wide 4-D"), "Super deconv is not supported with groups")
    assert (each.layer, each.stage) == ("deconv1", "compile")


def test_the_wide_attempt_is_refused_for_its_concat() -> None:
    refused = _said(report_of("wide 4-D"), "concat makes a row of", "Reshape is needed for layers")
    assert refused[0].layer == "concat1"
