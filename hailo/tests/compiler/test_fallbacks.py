"""Fallback settings: announced, bounded, each another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.compiler.driver import plan
from tasnet2hef.compiler.fallbacks import fallbacks_for
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.chip import caps_line
from tasnet2hef.target.rules import GraphSketch
from tests.compiler.conftest import Bench, FinishedRun, minutes

INFEASIBLE = "BackendAllocatorException: conv5 errors: Agent infeasible"


@pytest.mark.slow
def test_a_failure_that_more_contexts_can_help_gets_them(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "raise", INFEASIBLE, unless="context_switch_param(mode=enabled)")
    report = bench.compile()
    assert report.outcome == "done"
    assert [fallback.id for fallback in report.tried] == ["as is", "caps", "contexts"]
    assert report.hef is not None
    assert report.hef.contexts == 3
    assert bench.calls().count("optimize") == 1, "what is done is not done again"
    assert bench.display.messages[0] == (
        "plan: as is -> caps -> contexts -> effort -> window (by hand) -> segments (by hand) -> stop; "
        "at most 4 tries and 24 hours"
    )


@pytest.mark.slow
def test_the_ladder_ends_with_a_graph_for_a_person_to_make(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "raise", INFEASIBLE)
    report = bench.compile()
    assert report.outcome == "failed"
    assert [fallback.id for fallback in report.tried] == ["as is", "caps", "contexts", "effort"]
    assert bench.calls().count("compile") == 4
    assert report.next_fallback is not None
    assert report.next_fallback.id == "window"


@pytest.mark.slow
def test_raised_caps_are_tried_before_several_contexts(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault(
        "compile", "raise", "Resources presolve failed: lcus=(140/96)", unless="max_control_utilization=0.95"
    )
    report = bench.compile()
    assert report.outcome == "done"
    assert [fallback.id for fallback in report.tried] == ["as is", "caps"]


@pytest.mark.parametrize(
    ("layers", "script", "offered"),
    [
        (60, "", "0.95"),
        (100, "", "0.85"),
        (120, "", "0.95"),
        (123, "", ""),
        (100, "resources_param(max_utilization=0.9)", ""),
        (100, "performance_param(compiler_optimization_level=max)", ""),
    ],
)
def test_caps_are_raised_where_one_context_can_hold_the_net(layers: int, script: str, offered: str) -> None:
    graph = GraphSketch()
    tensor = graph.input(1, 8, 8, 8)
    for _ in range(layers):
        tensor = graph.node("Relu", graph.conv(tensor, 8, 8))
    resources = check_graph(OpenedGraph(graph.model(tensor))).resources
    situation = Situation(Path("net.onnx"), Path("calibration.npz"), Path("net.hef"), "hailo8")
    lines = [each.script for each in fallbacks_for(script, situation, resources) if each.id == "caps"]
    assert lines == ([caps_line(float(offered))] if offered else [])


@pytest.mark.parametrize(
    ("ends", "options"), [("chip", "--seconds 1 --hw"), ("host", "--seconds 1 --ends host --hw")]
)
def test_half_the_window_leaves_the_ends_where_they_are(ends: str, options: str) -> None:
    graph = GraphSketch()
    resources = check_graph(OpenedGraph(graph.model(graph.conv(graph.input(1, 8, 8, 8), 8, 8)))).resources
    situation = Situation(Path("net.onnx"), Path("calibration.npz"), Path("net.hef"), "hailo8", ends=ends)
    (window,) = [each for each in fallbacks_for("", situation, resources) if each.id == "window"]
    assert options in window.command


def test_the_number_of_tries_is_limited(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "raise", INFEASIBLE)
    report = bench.compile(attempts=1)
    assert bench.calls().count("compile") == 1
    assert "the limit on tries is reached (1)" in report.stopped_because


def test_no_rung_is_tried_where_none_helps(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "raise", "Super deconv is not supported with groups")
    report = bench.compile()
    assert [fallback.id for fallback in report.tried] == ["as is"]
    assert report.next_fallback is None


def test_the_plan_leaves_out_what_the_script_sets_and_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "own.alls"
    script.write_text("resources_param(max_utilization=0.9)\n")
    options = CompileOptions(output=tmp_path / "out.hef", script=script)
    _, fallbacks = plan(OpenedGraph.read(bench.model), bench.calibration, options)
    assert [fallback.id for fallback in fallbacks] == ["as is", "contexts", "window", "segments"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.alls"]


@pytest.mark.slow
def test_the_total_time_is_limited(bench: Bench) -> None:
    report = bench.compile(minutes=minutes(total=0.05))
    assert report.outcome == "failed"
    assert bench.calls().count("compile") == 0
    assert not (bench.folder / "out.hef").exists()
