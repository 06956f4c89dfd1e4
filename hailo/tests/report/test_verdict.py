"""The verdict at the top, for every way in which a run can end."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.report.check_facts import check_facts
from tasnet2hef.report.facts import RunFacts, StepFacts
from tasnet2hef.report.pipeline_rows import pipeline_rows
from tasnet2hef.report.verdict import verdict_of
from tasnet2hef.target.check import CheckReport, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.discovery import find_rule
from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.report.compile_reports import done_run, failed_run, run_without_compiler

PLACE = Path("/nowhere")


def _clean() -> onnx.ModelProto:
    draw = GraphSketch()
    return draw.model(draw.node("Relu", draw.conv(draw.input(1, 8, 200, 1), 8, 16, (3, 1), pads=[1, 0, 1, 0])))


def _facts(check: CheckReport | None, compiled: CompileReport | None = None, digest: str = "a") -> RunFacts:
    results = {
        "check": None if check is None else check_facts(check),
        "compile": None if compiled is None else compiled.to_json(),
    }
    steps = {
        step: StepFacts(
            step=step, command="", written=step, graph_digest=digest if step == "check" else "a", result=result
        )
        for step, result in results.items()
        if result is not None
    }
    return RunFacts("net", PLACE, steps)


@pytest.mark.parametrize(
    ("rule", "status", "words"),
    [
        ("row-too-wide", "error", "Will not compile for hailo8"),
        ("sliding-window", "warning", "May compile for hailo8"),
    ],
)
def test_a_check_decides_by_its_worst_finding(rule: str, status: str, words: str) -> None:
    check = check_graph(OpenedGraph(find_rule(rule).bad[0]()))
    verdict = verdict_of(_facts(check))
    assert (verdict.status, verdict.headline) == (status, words)
    assert status != "error" or all(finding.rule in verdict.sentence for finding in check.errors)


def test_a_clean_check_claims_no_more_than_it_knows() -> None:
    verdict = verdict_of(_facts(check_graph(OpenedGraph(_clean()))))
    assert (verdict.status, verdict.headline) == ("ok", "Should compile for hailo8")
    assert "1 context likely (inferred)" in verdict.sentence


def test_the_compiler_has_the_last_word() -> None:
    check = check_graph(OpenedGraph(_clean()))
    assert verdict_of(_facts(check, done_run(PLACE, check))).headline == "Compiled"
    failed = verdict_of(_facts(check, failed_run(PLACE, check)))
    assert (failed.status, failed.headline) == ("error", "Not compiled")
    assert "failed in its stage compile" in failed.sentence
    missing = verdict_of(_facts(check, run_without_compiler(PLACE, check)))
    assert (missing.status, missing.headline) == ("warning", "Should compile for hailo8, not compiled yet")
    assert "no HEF was made" in missing.sentence


def test_a_compile_of_another_graph_says_nothing() -> None:
    check = check_graph(OpenedGraph(_clean()))
    steps = _facts(check, done_run(PLACE, check)).steps
    later = {**steps, "check": _facts(check, digest="b").steps["check"]}
    later["check"] = StepFacts(**{**vars(later["check"]), "written": "z"})
    assert verdict_of(RunFacts("net", PLACE, later)).headline == "Should compile for hailo8"


@pytest.mark.parametrize(
    ("agreement_db", "status", "headline"),
    [
        (23.1, "ok", "Should compile for hailo8"),
        (16.2, "warning", "Should compile for hailo8"),
        (-6.7, "error", "Broken at 8 bits"),
    ],
)
def test_a_bad_simulation_is_never_green(agreement_db: float, status: str, headline: str) -> None:
    check = check_graph(OpenedGraph(_clean()))
    simulated = StepFacts(
        step="simulate",
        command="",
        written="simulate",
        graph_digest="a",
        result={"agreement_db": {"float": None, "int8": agreement_db, "mixed": agreement_db}},
    )
    verdict = verdict_of(RunFacts("net", PLACE, {**_facts(check).steps, "simulate": simulated}))
    assert (verdict.status, verdict.headline) == (status, headline)
    assert f"{agreement_db} dB" in verdict.sentence


def test_nothing_is_claimed_of_an_unchecked_graph() -> None:
    assert verdict_of(_facts(None)).headline == "Not checked yet"


@pytest.mark.parametrize(
    ("db", "status", "text"), [(None, "ok", "done"), (22.5, "warning", "zero padding at 22.5 dB")]
)
def test_an_export_with_other_padding_is_not_shown_green(db: float | None, status: str, text: str) -> None:
    result = {"parity": [], "notes": [], "zero_padding_db": db}
    export = StepFacts(step="export", command="", written="export", graph_digest="a", result=result)
    row = next(row for row in pipeline_rows(RunFacts("net", PLACE, {"export": export})) if "Export" in row.title)
    assert row.status == status
    assert text in row.text
