"""Preflight from file to report: exit codes, JSON, grouping, order, cost, work; the commands around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target.check import check_file, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.finding import LEVELS
from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.conftest import HAS_TORCH
from tests.work import lines_run

FIELDS = {"rule", "level", "stage", "layer", "nodes", "message", "grade", "source", "fix"}


def _bad(blocks: int = 3) -> onnx.ModelProto:
    """Draw a wide net with long means and PReLUs by Max and Min."""
    graph = GraphSketch()
    tensor = graph.input(1, 256, 1, 2000)
    for _ in range(blocks):
        tensor = graph.node("Max", graph.conv(tensor, 256, 256), graph.weight(1, 256, 1, 2000))
        tensor = graph.node("Sub", tensor, graph.node("ReduceMean", tensor, axes=[3]))
    return graph.model(tensor)


def _good() -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.node("Relu", graph.conv(graph.input(1, 8, 200, 1), 8, 16, (3, 1), pads=[1, 0, 1, 0])))


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    onnx.save(_bad(), tmp_path / "bad.onnx")
    return tmp_path / "bad.onnx"


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    onnx.save(_good(), tmp_path / "good.onnx")
    return tmp_path / "good.onnx"


def test_a_clean_graph(good_file: Path) -> None:
    report = check_file(good_file)
    assert report.findings == ()
    assert report.exit_code == 0
    assert report.resources.likely_contexts == 1
    assert [layer.type for layer in report.net] == ["input_layer", "conv", "output_layer"]


def test_findings_are_ordered_and_named(bad_file: Path) -> None:
    report = check_file(bad_file)
    assert report.exit_code == 1
    levels = [LEVELS.index(finding.level) for finding in report.findings]
    assert levels == sorted(levels)
    assert {finding.rule for finding in report.errors} == {"row-too-wide", "mean-too-long", "concat-too-wide"}
    for finding in report.findings:
        assert finding.layer == "" or finding.layer in report.net
        assert finding.source
        assert finding.fix
    wide = next(finding for finding in report.errors if finding.rule == "row-too-wide")
    assert "512,000 bytes" in wide.message
    assert wide.nodes


def test_equal_findings_are_one_group_and_all_in_json(bad_file: Path) -> None:
    report = check_file(bad_file)
    constants = [group for group in report.groups if group.first.rule == "full-size-constant"]
    assert [group.count for group in constants] == [3]
    assert len(report.to_json()["findings"]) == len(report.findings) == sum(g.count for g in report.groups)


def test_json(bad_file: Path) -> None:
    report_json = json.loads(json.dumps(check_file(bad_file).to_json()))
    assert set(report_json) == {"findings", "cost", "compiler", "knowledge", "notes"}
    assert all(set(finding) == FIELDS for finding in report_json["findings"])
    cost = report_json["cost"]
    assert cost["widest_row"]["bytes"] == 2000 * 512
    assert cost["lcus"]["single_context"] == 96
    assert cost["gops_per_second_of_audio"] is None


def test_an_export_knows_its_audio() -> None:
    model = _good()
    contract = GraphContract(spec=TasNetSpec(n_src=2, sample_rate=8000), window_frames=999, norm="folded")
    model.metadata_props.add(key=METADATA_KEY, value=contract.to_json())
    resources = check_graph(OpenedGraph(model)).resources
    seconds = contract.window_samples / 8000
    assert resources.gops_per_second_of_audio == pytest.approx(resources.cost.ops / 1e9 / seconds)
    assert resources.audio_seconds == pytest.approx(seconds)


def test_input_shapes(tmp_path: Path) -> None:
    graph = GraphSketch()
    onnx.save(graph.model(graph.conv(graph.input(1, 8, "T", 1), 8, 8)), tmp_path / "open.onnx")
    with pytest.raises(GraphError, match="dynamic axes"):
        check_file(tmp_path / "open.onnx")
    assert check_file(tmp_path / "open.onnx", input_shapes={"input_1": (1, 8, 100, 1)}).exit_code == 0


def test_an_unknown_chip(good_file: Path) -> None:
    with pytest.raises(OptionError, match="hailo9"):
        check_file(good_file, "hailo9")


def test_a_single_context_is_asked_for() -> None:
    graph = GraphSketch()
    tensor = graph.input(1, 8, 8, 8)
    for _ in range(140):
        tensor = graph.node("Relu", graph.conv(tensor, 8, 8))
    model = graph.model(tensor)
    assert check_graph(OpenedGraph(model)).exit_code == 0
    assert [finding.rule for finding in check_graph(OpenedGraph(model), single_context=True).errors] == [
        "too-many-layers"
    ]


@pytest.mark.slow
def test_check_command(bad_file: Path, good_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["check", str(good_file)]) == 0
    assert capsys.readouterr().out.startswith("good: Should compile for hailo8")
    assert run(make_app(), ["check", str(bad_file)]) == 1
    shown = capsys.readouterr().out
    for part in ("row-too-wide", "512,000", "fix:"):
        assert part in shown
    assert "recorded:" not in shown
    assert run(make_app(), ["check", str(bad_file), "--verbose"]) == 1
    shown = capsys.readouterr().out
    for part in ("recorded:", "Predicted layers", "LCUs"):
        assert part in shown
    assert sorted(bad_file.parent.iterdir()) == sorted([bad_file, good_file]), "check leaves nothing behind"
    assert run(make_app(), ["check", str(bad_file), "--hw", "hailo8l", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["cost"]["hardware"] == "hailo8l"


def test_bad_use_exits_2(tmp_path: Path, good_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["check", str(tmp_path / "none.onnx")]) == 2
    assert run(make_app(), ["check", str(good_file), "--hw", "hailo9"]) == 2
    assert run(make_app(), ["check", str(good_file), "--input-shape", "x"]) == 2
    assert "expected NAME=1,1,1,16000" in capsys.readouterr().err


def test_layers_command(good_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["layers", str(good_file)]) == 0
    assert "conv1" in capsys.readouterr().out
    assert run(make_app(), ["layers", str(good_file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == check_file(good_file).net.to_json()


def test_rules_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["rules"]) == 0
    assert "row-too-wide" in capsys.readouterr().out
    assert run(make_app(), ["rules", "mean-too-long"]) == 0
    assert "Desired shift is 10.0" in capsys.readouterr().out
    assert run(make_app(), ["rules", "mean-too-long", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stage"] == "optimize"
    assert run(make_app(), ["rules", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rules"]) >= 30
    assert run(make_app(), ["rules", "none"]) == 2


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TORCH, reason="exports need torch")
@pytest.mark.parametrize("norm", ["gLN", "cLN", "bN"])
@pytest.mark.parametrize("residual", ["separate", "joint"])
def test_our_own_tall_exports_have_no_errors(norm: str, residual: str) -> None:
    from tasnet2hef.model.checkpoint import from_module
    from tasnet2hef.model.export import ExportOptions, build
    from tasnet2hef.model.onnx_writer import make_model
    from tests.random_weights import random_reference, small_spec

    checkpoint = from_module(random_reference(small_spec(norm_type=norm, hid_chan=512, n_blocks=8, n_repeats=1)))
    net, _ = build(checkpoint, ExportOptions(seconds=2.0, residual=residual))
    report = check_graph(OpenedGraph(make_model(net)))
    assert report.errors == ()
    assert report.resources.gops_per_second_of_audio is not None
    rules = {finding.rule for finding in report.findings}
    assert "sliding-window" in rules, "a dilation of 128 on 512 features outgrows every buffer seen"


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TORCH, reason="exports need torch")
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="peak memory is read from /proc")
def test_a_cold_check_of_the_default_net_loads_little(tmp_path: Path) -> None:
    from tasnet2hef.model.checkpoint import from_module
    from tasnet2hef.model.export import ExportOptions, build
    from tasnet2hef.model.onnx_writer import make_model
    from tests.random_weights import random_reference

    checkpoint = from_module(random_reference(TasNetSpec.from_options({"n_src": 2})))
    net, _ = build(checkpoint, ExportOptions(seconds=2.0))
    onnx.save(make_model(net), tmp_path / "default.onnx")
    code = (
        "import sys; from pathlib import Path; from tasnet2hef.target.check import check_file; "
        "check_file(sys.argv[1]); "
        "status = Path('/proc/self/status').read_text(); print(status.split('VmHWM:')[1].split()[0], *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "default.onnx")], capture_output=True, text=True, check=True
    )
    peak_kb, *modules = done.stdout.split()
    assert int(peak_kb) < 500_000
    slow_to_load = {"torch", "onnxruntime", "matplotlib", "jinja2", "rich", "typer", "soundfile", "hypothesis"}
    assert not slow_to_load & set(modules)


def test_the_work_grows_as_the_nodes_do() -> None:
    def lines_a_node(blocks: int) -> float:
        model = _bad(blocks)
        return lines_run(lambda: check_graph(OpenedGraph(model))) / len(model.graph.node)

    lines_a_node(1)  # with what is loaded once a process
    assert lines_a_node(80) < 1.1 * lines_a_node(20), "with the square of the nodes it would be four times as much"


def test_another_release_is_said(bad_file: Path) -> None:
    def messages(compiler: str) -> list[str]:
        return [each.message for each in check_graph(OpenedGraph.read(bad_file), compiler=compiler).findings]

    plain = messages("")
    assert not any("not tried on" in message for message in plain)
    assert any("not tried on 9.9" in message for message in messages("9.9.0".removesuffix(".0")))
    assert len(messages("9.9")) == len(plain)


@pytest.mark.parametrize(
    ("compiler", "is_said"), [("3.33.1", False), ("3.33", False), ("5.3", True), ("3.34.0", True)]
)
def test_evidence_of_one_release(compiler: str, is_said: bool) -> None:
    graph = GraphSketch()
    model = graph.model(graph.deconv(graph.input(1, 64, 1, 100), 64, 2, (1, 16), strides=[1, 8], group=2))
    (finding,) = check_graph(OpenedGraph(model), compiler=compiler).errors
    assert (f"recorded on 3.33.0; not tried on {compiler}" in finding.message) is is_said
    assert finding.level == "error"


def test_a_release_without_the_chip_is_a_note() -> None:
    graph = GraphSketch()
    model = graph.model(graph.conv(graph.input(1, 8, 10, 10), 8, 8))
    report = check_graph(OpenedGraph(model), "hailo8", compiler="5.3")
    assert report.exit_code == 0
    assert any("DFC 5.3 does not compile for hailo8" in note for note in report.notes)
    assert check_graph(OpenedGraph(model), "hailo10h", compiler="5.3").notes == ()


@pytest.mark.parametrize("version", ["", "abc", "3", "3.x", "3.33; rm -rf /"])
def test_a_version_that_is_none(good_file: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    if not version:
        assert run(make_app(), ["check", str(good_file), "--dfc", "v3.33.0"]) == 0
        return
    assert run(make_app(), ["check", str(good_file), "--dfc", version]) == 2
    assert "--dfc: found" in capsys.readouterr().err
