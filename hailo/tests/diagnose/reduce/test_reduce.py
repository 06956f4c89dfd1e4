"""Whole reductions, checked by rules, shell programs and ONNX Runtime: interrupted, hanging, flaky ones too."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from tasnet2hef.base.errors import GraphError, OptionError, RefusedError
from tasnet2hef.base.supervise.processes import marked
from tasnet2hef.diagnose.reduce.subgraph import SourceGraph, source_graph
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.discovery import all_rules
from tests.diagnose.reduce.conftest import FINDS_ERF, Reduce, chain, one_less, saved

Script = Callable[[str], str]
HAILO = Path(__file__).resolve().parents[3]

IN_A_PROCESS = """
import pathlib, sys
from tasnet2hef.cli.progress import ReduceProgressBar
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.reduce import reduce_file
source, check, output = sys.argv[1:]
reduce_file(pathlib.Path(source), ReduceOptions(check=check, output=pathlib.Path(output)), ReduceProgressBar())
"""
RUNS = """
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
session.run(None, {each.name: numpy.zeros(each.shape, numpy.float32) for each in session.get_inputs()})
"""
# Notes each graph that it checked, and kills the reduction once, in the middle of a later one.
COUNTS = """
calls=$(dirname "$0")/calls.txt
touch "$calls"
fuse=$(dirname "$0")/fuse
if [ -f "$fuse" ] && [ "$(wc -l < "$calls")" -ge "$(cat "$fuse")" ]; then
  rm "$fuse"; kill -9 $PPID; sleep 60
fi
"""
NOTES = """
sha256sum "$1" | cut -c1-64 >> "$calls"
"""


def _cuts(source: SourceGraph) -> list[onnx.ModelProto]:
    """Return every valid graph of one node less."""
    tried = []
    for kept in one_less(source.nodes):
        try:
            tried.append(source.cut(kept))
        except GraphError:
            continue
    return tried


def _levels(model: onnx.ModelProto, rule: str) -> set[str]:
    """Return how a graph breaks a rule; a graph that can't be checked at all breaks none."""
    try:
        return {finding.level for finding in check_graph(OpenedGraph(model)).findings if finding.rule == rule}
    except GraphError:
        return set()


def test_one_bad_operator_of_a_hundred(reduce: Reduce) -> None:
    report = reduce(chain(100, {57: "Erf"}), rule="erf-activation")
    assert (report.nodes_before, report.nodes_after, report.operators) == (100, 1, ("Erf",))
    assert report.minimal
    assert report.weights == "none"
    reduced = onnx.load(report.reduced)
    onnx.checker.check_model(reduced, full_check=True)
    assert _levels(reduced, "erf-activation") == {"error"}
    assert [onnx.load(step).graph.node[0].op_type for step in report.steps][-1] == "Erf"


@pytest.mark.slow
def test_the_recorded_graph_is_cut_to_its_first_wide_row(reduce: Reduce, evidence: Path) -> None:
    report = reduce(evidence / "seed_wide_export.onnx", rule="row-too-wide")
    assert report.nodes_before == 837
    assert report.nodes_after == 1
    assert report.failure == "error:row-too-wide"
    assert report.weights == "random"
    assert _levels(onnx.load(report.reduced), "row-too-wide") == {"error"}


@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule.id for rule in all_rules()])
def test_every_rule_on_its_own_bad_graph_ends_where_no_node_can_go(rule: str, reduce: Reduce) -> None:
    model = next(each for each in all_rules() if each.id == rule).bad[0]()
    if len(model.graph.node) > 60:
        pytest.skip("a graph that is bad by its number of nodes: as many attempts as nodes")
    report = reduce(model, rule=rule)
    reduced = onnx.load(report.reduced, load_external_data=False)
    assert report.nodes_after <= report.nodes_before
    level = report.failure.partition(":")[0]
    assert report.minimal
    assert _levels(reduced, rule) & {level, "error"}
    for smaller in _cuts(source_graph(reduced)):
        assert not _levels(smaller, rule) & {level, "error"}


def test_two_operators_that_fail_together_both_stay(reduce: Reduce, script: Script) -> None:
    command = script('grep -qa Erf "$1" && grep -qa Tanh "$1" && { echo "error: both in $1"; exit 1; }; exit 0')
    report = reduce(chain(30, {8: "Erf", 21: "Tanh"}), check=command)
    assert report.operators == ("Erf", "Tanh")
    for smaller in _cuts(source_graph(onnx.load(report.reduced))):
        path = saved(report.reduced.parent, smaller, "smaller.onnx")
        assert subprocess.run(shlex.split(command.replace("{}", str(path))), check=False).returncode == 0


@pytest.mark.slow
def test_a_node_that_onnx_runtime_refuses(reduce: Reduce, tmp_path: Path) -> None:
    program = tmp_path / "load.py"
    program.write_text(RUNS)
    command = f"{sys.executable} {program}"
    report = reduce(chain(6, {3: "Gather"}, rows=1), check=command, repeats=1)
    assert report.operators == ("Gather",)
    assert "out of data bounds" in report.message
    again = subprocess.run([sys.executable, str(program), str(report.reduced)], capture_output=True, check=False)
    assert b"out of data bounds" in again.stderr


def test_a_recorded_signature_is_the_failure(reduce: Reduce, script: Script) -> None:
    text = 'if grep -qa Erf "$1"; then echo "[error] Agent infeasible"; exit 1; fi; grep -qa Tanh "$1" && exit 9'
    command = script(f"{text}; exit 0")
    report = reduce(chain(20, {4: "Tanh", 12: "Erf"}), check=command, signature="agent-infeasible")
    assert report.operators == ("Erf",)
    assert "Agent infeasible" in report.ticket.read_text()
    assert "recorded:" in report.ticket.read_text()
    with pytest.raises(OptionError, match=r"expected signature:memory-units"):
        reduce(chain(20, {12: "Erf"}), output="other", check=command, signature="memory-units")


@pytest.mark.slow
def test_kill_9_in_the_middle_and_again_repeats_nothing(reduce: Reduce, script: Script, tmp_path: Path) -> None:
    command = script(COUNTS + NOTES + FINDS_ERF)
    source = saved(tmp_path, chain(40, {23: "Erf", 31: "Erf"}))
    undisturbed = reduce(source, "undisturbed", check=command)
    calls = tmp_path / "calls.txt"
    calls.unlink()
    (tmp_path / "fuse").write_text("6")
    words = [sys.executable, "-c", IN_A_PROCESS, str(source), command, str(tmp_path / "out")]
    killed = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(HAILO)}, capture_output=True, check=False)
    assert killed.returncode == -9
    token = str(json.loads((tmp_path / "out" / "steps" / "lock").read_text())["token"])
    report = reduce(source, check=command)
    assert not marked(token), "the processes that the killed run had left were stopped"
    assert report.resumed == 6
    assert report.reduced.read_bytes() == undisturbed.reduced.read_bytes()
    assert report.attempts == undisturbed.attempts
    assert [step.name for step in report.steps] == [step.name for step in undisturbed.steps]
    checked = Counter(calls.read_text().split())
    twice = {digest for digest, count in checked.items() if count > 1}
    assert max(checked.values()) == 2, "the original and the result are run twice on purpose, nothing else"
    assert len(twice) == 2
    last = calls.read_text().split()
    again = reduce(source, check=command)
    assert calls.read_text().split() == last, "a finished reduction runs nothing again"
    assert again.reduced.read_bytes() == undisturbed.reduced.read_bytes()


def test_a_command_that_hangs_on_some_cuts_is_stopped_there(reduce: Reduce, script: Script) -> None:
    command = script(FINDS_ERF + 'grep -qa Tanh "$1" && sleep 60; exit 0')
    report = reduce(chain(9, {3: "Erf", 4: "Tanh"}, rows=1), check=command, timeout_seconds=0.3)
    assert report.operators == ("Erf",)


@pytest.mark.slow
def test_a_hang_can_be_reduced_itself(reduce: Reduce, script: Script) -> None:
    command = script('grep -qa Erf "$1" && sleep 60; exit 0')
    report = reduce(chain(4, {1: "Erf"}, rows=1), check=command, timeout_seconds=0.3, repeats=1)
    assert report.operators == ("Erf",)
    assert report.failure == "signature:out-of-time"


def test_a_flaky_original_is_refused(reduce: Reduce, script: Script, tmp_path: Path) -> None:
    command = script('seen=$(dirname "$0")/seen; [ -f "$seen" ] && exit 0; touch "$seen"; echo error; exit 1')
    with pytest.raises(OptionError, match="in 1 of 2 runs, expected all: a flaky failure"):
        reduce(chain(9, {}), check=command)
    assert not (tmp_path / "out").exists()


def test_a_flaky_result_is_reported(reduce: Reduce, script: Script) -> None:
    first_time_only = """
    sum=$(sha256sum "$1" | cut -c1-64); [ "$(basename "$1")" = net.onnx ] && { echo "error: once"; exit 1; }
    grep -q "$sum" "$(dirname "$0")/calls.txt" 2>/dev/null && exit 0
    echo "$sum" >> "$(dirname "$0")/calls.txt"; echo "error: once"; exit 1
    """
    report = reduce(chain(9, {}), check=script(first_time_only))
    assert not report.repeatable
    assert (report.same_runs, report.runs) == (1, 2)


def test_the_budget_ends_a_search_and_more_of_it_resumes_it(reduce: Reduce, script: Script) -> None:
    model, command = chain(100, {20: "Erf", 70: "Erf"}), script(FINDS_ERF)
    short = reduce(model, check=command, max_attempts=10)
    assert not short.minimal
    assert short.attempts == 10
    assert "not minimal" in short.ticket.read_text()
    more = reduce(model, check=command)
    assert more.minimal
    assert more.nodes_after == 1 < short.nodes_after
    assert more.resumed >= 10


def test_weights_that_the_failure_needs_stay_and_are_reported(reduce: Reduce, tmp_path: Path) -> None:
    model = chain(12, {})
    weights = model.graph.initializer[2]
    numbers = numpy_helper.to_array(weights).copy()
    numbers.reshape(-1)[0] = 123456.0
    weights.CopyFrom(numpy_helper.from_array(numbers, weights.name))
    program = tmp_path / "find.py"
    program.write_text(
        "import struct, sys\n"
        "found = struct.pack('<f', 123456.0) in open(sys.argv[1], 'rb').read()\n"
        "sys.exit('error: 123456 found' if found else 0)\n"
    )
    report = reduce(model, check=f"{sys.executable} -S {program}", repeats=1)
    assert report.weights == "own"
    assert report.operators == ("Conv",)
    assert "the original's own" in report.ticket.read_text()


def test_the_folder_can_be_sent_to_others(reduce: Reduce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my verdict.sh").write_text(FINDS_ERF)
    report = reduce(chain(9, {5: "Erf"}), check="sh 'my verdict.sh' {}")
    elsewhere = tmp_path / "some where else"
    shutil.move(report.reduced.parent, elsewhere)
    (tmp_path / "my verdict.sh").unlink()
    monkeypatch.chdir(elsewhere.parent.parent)
    shown = subprocess.run(["sh", elsewhere / "reproduce.sh"], capture_output=True, text=True, check=False)
    assert shown.returncode == 3
    assert "unsupported op Erf" in shown.stdout
    ticket = (elsewhere / "ticket.md").read_text()
    assert str(tmp_path) not in ticket
    assert "| `erf_6` | Erf | 1x1x1x1 |" in ticket


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exit 0", "found no failure by the command, expected one"),
        ("echo \"No module named 'hailo_sdk_client'\"; exit 1", "fails as signature:no-compiler"),
        ('[ "$(basename "$1")" = net.onnx ] && exit 1; exit 0', "how the file is written, not the graph"),
    ],
)
def test_what_is_no_failure_of_the_graph_leaves_nothing_behind(
    text: str, words: str, reduce: Reduce, script: Script, tmp_path: Path
) -> None:
    with pytest.raises((GraphError, OptionError, RefusedError), match=words):
        reduce(chain(9, {}), check=script(text))
    assert not (tmp_path / "out").exists()
