"""A probe claims what the compiler did and nothing else, and what it learnt changes `check`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.errors import InputError, OptionError, RefusedError
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.compiler.probe.merging import merge_file
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.knowledge import known_of, rule_ids
from tasnet2hef.target.known.knowledge_file import knowledge_path, read_verdicts
from tasnet2hef.target.rules.framework.discovery import find_rule
from tests.compiler.conftest import STAND_IN, wait_until
from tests.compiler.probe.conftest import ProbeBench, by_name, refusing

pytestmark = pytest.mark.slow

RULE = "grouped-deconvolution"
BAD = "grouped_deconvolution_bad"
GOOD = "grouped_deconvolution_good"
ONE_BAD, ONE_GOOD = f"{RULE}/bad/two_groups", f"{RULE}/good/one_group"


def level_and_grade(chip: str = "hailo8", compiler: str = "") -> tuple[str, str, str]:
    """Return level, grade and message of the rule's finding in its bad graph, with this machine's knowledge."""
    knowledge, note = known_of(compiler, chip)
    assert not note
    report = check_graph(
        OpenedGraph(find_rule(RULE).bad[0]()), chip, compiler=compiler or knowledge.compiler, knowledge=knowledge
    )
    (finding,) = [each for each in report.findings if each.rule == RULE]
    return finding.level, finding.grade, finding.message


def test_a_release_that_has_the_limit(bench: ProbeBench) -> None:
    bench.release(**{BAD: refusing("Super deconv is not supported with groups in /home/jane/x.har")})
    report = bench.probe(RULE)
    cases = by_name(report)
    assert (cases[ONE_BAD].happened, cases[ONE_BAD].stage, cases[ONE_BAD].agrees) == ("fail", "compile", True)
    assert "Super deconv" in cases[ONE_BAD].words
    assert (cases[ONE_GOOD].happened, cases["operator/Conv"].happened) == ("pass", "pass")
    assert level_and_grade() == ("error", "recorded here", level_and_grade()[2])
    assert report.knowledge is not None
    kept = report.knowledge.read_text(encoding="utf-8")
    assert "jane" not in kept
    assert str(bench.folder) not in kept
    rows = [json.loads(line) for line in kept.splitlines()]
    assert rows == [json.loads(line) for line in report.verdicts.read_text().splitlines()]  # type: ignore[union-attr]


def test_a_release_without_the_limit(bench: ProbeBench) -> None:
    assert level_and_grade()[0] == "error"
    report = bench.probe(RULE)
    assert [case.name for case in report.disagreeing] == [ONE_BAD]
    level, grade, message = level_and_grade()
    assert (level, grade) == ("warning", "recorded here")
    assert "DFC 3.34.0" in message
    assert level_and_grade(compiler="3.33.0")[:2] == ("error", "recorded"), "of another release nothing is known"
    assert level_and_grade("hailo8l")[1] == "recorded", "of another chip nothing is known"


def test_a_release_in_which_a_good_graph_fails(bench: ProbeBench) -> None:
    bench.release(
        **{GOOD: refusing(), BAD: refusing(), "operator_Softsign": refusing("no such layer", "translate")}
    )
    report = bench.probe(f"{RULE},Softsign")
    assert {case.name for case in report.disagreeing} == {ONE_GOOD, "operator/Softsign"}
    assert level_and_grade()[1] == "recorded", "where the good graph fails too, the bad one proves nothing"
    graph = OpenedGraph(onnx.load_from_string(_softsign()))
    notes = check_graph(graph, "hailo8", knowledge=known_of("", "hailo8")[0]).notes
    assert any("Softsign" in note and "translate" in note for note in notes)


def _softsign() -> bytes:
    from tasnet2hef.compiler.probe.smallest import smallest_graph

    return smallest_graph("Softsign").SerializeToString()


def test_a_native_crash_is_an_answer(bench: ProbeBench) -> None:
    bench.release(**{BAD: refusing("", "compile", "segfault")})
    case = by_name(bench.probe(RULE))[ONE_BAD]
    assert (case.happened, case.words) == ("fail", "killed by SIGSEGV")


@pytest.mark.parametrize(
    ("kind", "message", "why"),
    [
        ("hang", "", "out of time"),
        ("disk full", "", "No space left"),
        ("raise", "std::bad_alloc", "machine failed"),
        ("raise", "License has expired", "machine failed"),
        ("log", "Couldn't launch Hailo tool securely", "machine failed"),
        ("memory", "", "out of memory"),
    ],
)
def test_what_is_no_answer(bench: ProbeBench, kind: str, message: str, why: str) -> None:
    bench.release(**{BAD: refusing(message, "compile", kind)})
    limits = {"compile": 8.0} if kind == "hang" else {}
    memory = (350 << 20) if kind == "memory" else 0
    report = bench.probe(RULE, limits=limits, memory_limit_bytes=memory)
    case = by_name(report)[ONE_BAD]
    assert case.happened == "not answered"
    assert why in case.words
    rows = read_verdicts(report.verdicts, rule_ids())  # type: ignore[arg-type]
    assert not [row for row in rows if row.params["name"] == "_two_groups" and row.stage == "compile"]
    assert level_and_grade()[1] == "recorded"
    bench.release()
    assert by_name(bench.probe(RULE))[ONE_BAD].happened == "pass", "it is asked again"


def test_where_two_convolutions_fail_nothing_is_believed(bench: ProbeBench) -> None:
    bench.release(net_=refusing("broken", "translate"))
    with pytest.raises(RefusedError, match="control graph"):
        bench.probe(RULE)
    assert not (bench.folder / "home").exists()
    bench.release(net_=refusing("broken", "compile"))
    report = bench.probe(RULE)
    assert "control graph" in report.stopped_because
    assert by_name(report)[ONE_BAD].happened == "not answered"
    assert level_and_grade()[1] == "recorded"


def test_the_cheapest_stage_comes_first(bench: ProbeBench) -> None:
    bench.probe(f"{RULE},batch-join")
    stages = [stage for _, stage in bench.display.asked]
    assert stages == sorted(stages, key=["translate", "optimize", "compile"].index)
    assert ("batch-join/bad/concat", "optimize") not in bench.display.asked


def test_a_budget_that_is_used_up_is_continued(bench: ProbeBench) -> None:
    report = bench.probe(RULE, seconds=1e-9)
    assert report.count("not answered") == len(report.cases)
    assert "budget" in report.stopped_because
    assert report.knowledge is None
    again = bench.probe(RULE)
    assert again.stopped_because == ""
    assert again.count("not answered") == 0
    calls = bench.calls()
    assert bench.probe(RULE).cases == again.cases
    assert bench.calls() == calls, "what was answered is not asked again"


def test_kill_9_loses_only_the_case_at_work(bench: ProbeBench) -> None:
    bench.release(**{GOOD: refusing("", "optimize", "hang")})
    folder = bench.folder / "probe"
    words = [sys.executable, "-m", "tasnet2hef", "probe", "--only", RULE, "-o", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: bench.calls().count("optimize") == 3, lambda: f"never got there: {bench.calls()}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    journal = folder / "verdicts.jsonl"
    answered = len(journal.read_text().splitlines())
    assert answered == 5, "three translated, two optimised"
    with journal.open("a", encoding="utf-8") as opened:
        opened.write('{"id": "cut')
    bench.release()
    report = bench.probe(RULE)
    assert report.count("not answered") == 0
    assert len(journal.read_text().splitlines()) == 9
    assert bench.calls().count("optimize") == 4, "only the interrupted case is optimised again"


def test_without_a_compiler(
    bench: ProbeBench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
    monkeypatch.chdir(bench.folder)
    assert run(make_app(), ["probe"]) == 2
    error = capsys.readouterr().err
    assert "the compiler is not installed in" in error
    assert "--python" in error
    assert error.count("\n") == 1
    assert not (bench.folder / "probe").exists()


def test_a_chip_that_the_release_does_not_compile_for(bench: ProbeBench) -> None:
    bench.release("5.3.0")
    with pytest.raises(OptionError, match=r"DFC 5\.3\.0 does not compile for hailo8"):
        bench.probe(RULE)
    assert not (bench.folder / "probe").exists()
    assert bench.calls() == []


def test_a_damaged_knowledge_file_is_not_overwritten(
    bench: ProbeBench, capsys: pytest.CaptureFixture[str]
) -> None:
    path = knowledge_path("3.34.0", "hailo8")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="expected UTF-8 text"):
        bench.probe(RULE)
    assert path.read_bytes() == b"\xff\xfe"
    onnx.save(find_rule(RULE).good[0](), str(bench.folder / "good.onnx"))
    assert run(make_app(), ["check", str(bench.folder / "good.onnx")]) == 0
    assert "knowledge file not used" in capsys.readouterr().err


def test_answers_of_two_machines(bench: ProbeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.release(**{BAD: refusing()})
    ours = bench.probe(RULE).verdicts
    theirs = bench.folder / "theirs.jsonl"
    theirs.write_bytes(ours.read_bytes())  # type: ignore[union-attr]
    monkeypatch.setenv("TASNET2HEF_HOME", str(bench.folder / "other_home"))
    merged = merge_file(theirs)
    assert [(each.compiler, each.added) for each in merged.files] == [("3.34.0", 9)]
    assert level_and_grade()[:2] == ("error", "recorded"), "not seen on this machine"
    assert "tasnet2hef probe" in _source()
    bench.release()
    report = bench.probe(RULE, folder=bench.folder / "second")
    assert [(each.ours.outcome, each.theirs.outcome) for each in report.conflicts] == [("fail", "pass")]
    before = knowledge_path("3.34.0", "hailo8").read_bytes()
    back = merge_file(report.verdicts)  # type: ignore[arg-type]
    assert len(back.conflicts) == 1
    assert knowledge_path("3.34.0", "hailo8").read_bytes() == before


def _source() -> str:
    knowledge, _ = known_of("", "hailo8")
    report = check_graph(OpenedGraph(find_rule(RULE).bad[0]()), "hailo8", knowledge=knowledge)
    return report.errors[0].source


def test_the_command_shows_conflicts_and_refuses_them(
    bench: ProbeBench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bench.folder)
    bench.release(**{BAD: refusing()})
    assert run(make_app(), ["probe", "--only", RULE, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["passed"], printed["failed"], printed["compiler"]) == (2, 1, "3.34.0")
    row = next(
        line for line in Path("probe/verdicts.jsonl").read_text().splitlines() if '"outcome": "fail"' in line
    )
    theirs = json.loads(row) | {"outcome": "pass", "error": None, "cause": None}
    Path("theirs.jsonl").write_text(json.dumps(theirs))
    assert run(make_app(), ["probe", "--merge", "theirs.jsonl"]) == 1
    captured = capsys.readouterr()
    assert "Conflicts: ours is kept" in captured.out
    assert ONE_BAD in captured.err
    page = Path("probe/probe.html").read_text(encoding="utf-8")
    assert ONE_BAD in page
    assert "Agent infeasible" in page


@pytest.mark.parametrize("budget", ["", "-5m", "nan", "1d", "0", "9" * 30])
def test_a_budget_that_is_none(budget: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["probe", "--plan", "--budget", budget]) == 2
    assert "--budget: found" in capsys.readouterr().err
