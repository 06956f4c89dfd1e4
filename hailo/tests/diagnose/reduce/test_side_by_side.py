"""Graphs that workers try side by side: the result is that of one after the other, with more attempts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.supervise.processes import marked
from tasnet2hef.base.workers import DFC, InProcess
from tasnet2hef.diagnose.reduce.bench import GraphRun
from tasnet2hef.diagnose.reduce.checker import CommandChecker, RuleChecker
from tasnet2hef.diagnose.reduce.delta_debugging import Bisection, DeltaDebugging, likely
from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport
from tasnet2hef.diagnose.reduce.side_by_side import _files_of, checked, needs_of
from tests.diagnose.reduce.conftest import FINDS_ERF, Reduce, chain, saved
from tests.diagnose.reduce.test_reduce import HAILO, Script

RULE = RuleChecker("erf-activation", "hailo8")
IN_A_PROCESS = """
import pathlib, sys
from tasnet2hef.cli.progress import ReduceProgressBar
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.reduce import reduce_file
if __name__ == "__main__":
    source, check, output = sys.argv[1:]
    options = ReduceOptions(check=check, output=pathlib.Path(output), workers=2)
    reduce_file(pathlib.Path(source), options, ReduceProgressBar())
"""


@dataclass
class Slots(InProcess):
    """Workers that have slots as told."""

    of_need: dict[str, int] = field(default_factory=dict)

    def slots(self, needs: frozenset[str] = frozenset()) -> int:
        return self.of_need.get("".join(needs), 0)


def _command(*words: str) -> CommandChecker:
    return CommandChecker(words, frozenset(), "", 9.0, "token")


def _files(report: ReduceReport) -> dict[str, bytes]:
    """Return what a reduction leaves behind, without what tells of time and order."""
    paths = [report.reduced, *report.steps, *(step.with_suffix(".log") for step in report.steps)]
    return {path.name: path.read_bytes() for path in paths}


def test_what_may_come_next_is_found_by_likelihood_and_not_if_it_is_known() -> None:
    items = DeltaDebugging(tuple("abcd"), 1, 4, 4)
    asked = ["".join(each) for each in likely(items, lambda each: None)]
    assert asked[:4] == ["abd", "acd", "bcd", "ab"], "most often nothing can be left out"
    known = ["".join(each) for each in likely(items, lambda each: True if len(each) == 3 else None)]
    assert not any(len(each) == 3 for each in known)
    assert list(likely(Bisection(0, 2), lambda length: None)) == []


def test_commands_go_to_the_compiler_and_rules_do_not() -> None:
    command, both = _command("true"), Slots({"": 2, DFC: 1})
    assert needs_of(command, both) == {DFC}
    assert needs_of(command, Slots({"": 2})) == frozenset()
    assert needs_of(RULE, both) == frozenset()
    assert needs_of(RULE, Slots({DFC: 1})) == {DFC}


def test_a_worker_without_the_command_is_named() -> None:
    with pytest.raises(OptionError, match=r"this process: found no 'no-such-program', expected .* DFC=1"):
        checked(_command("no-such-program", "{}"), "net.onnx", {"net.onnx": b""})


def test_external_weights_go_with_the_original(tmp_path: Path) -> None:
    model = chain(4, {})
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.bin", size_threshold=0)
    files = _files_of(GraphRun(tmp_path / "net.onnx", "digest", 1, 4, "the original"))
    assert set(files) == {"net.onnx", "net.bin"}
    found = checked(_command("sh", "-c", 'cat "$(dirname "$0")/net.bin"; exit 3', "{}"), "net.onnx", files)
    assert found.result.ended == "exited"
    assert found.log == (tmp_path / "net.bin").read_bytes()


@pytest.mark.slow
def test_two_workers_find_what_one_process_finds(
    reduce: Reduce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "verdict.sh").write_text(
        'grep -qa Erf "$1" && grep -qa Tanh "$1" && { echo "error: both"; exit 1; }; exit 0'
    )
    model = chain(12, {3: "Erf", 8: "Tanh"}, rows=1)
    here = reduce(model, "here", check="sh verdict.sh {}")
    there = reduce(model, "there", check="sh verdict.sh {}", workers=2)
    assert there.operators == ("Erf", "Tanh")
    assert _files(there) == _files(here)
    assert (there.attempts, here.tried_ahead) == (here.attempts, 0)
    assert there.tried_ahead > 0
    rows = (tmp_path / "there" / "steps" / "attempts.jsonl").read_text().splitlines()
    assert len(rows) == 1 + there.attempts + there.tried_ahead + 2, "the original and the result are run twice"
    assert {path.name for path in (tmp_path / "there").rglob("*")} == {
        path.name for path in (tmp_path / "here").rglob("*")
    }


@pytest.mark.slow
def test_the_workers_of_a_scheduler_that_all_compile_check_rules_too(reduce: Reduce) -> None:
    distributed = pytest.importorskip("distributed")
    model = chain(9, {4: "Erf"})
    settings = {"dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=settings, resources={DFC: 1}
    ) as cluster:
        there = reduce(model, "there", rule=RULE.rule, scheduler=cluster.scheduler_address)
        with pytest.raises(OptionError, match=r"--check: worker 0 on \S+: found no 'no-such-program'"):
            reduce(model, "none", check="no-such-program {}", scheduler=cluster.scheduler_address)
    here = reduce(model, "here", rule=RULE.rule)
    assert _files(there) == _files(here)
    assert (there.attempts, there.tried_ahead) == (here.attempts, 0), "one worker tries nothing ahead"


@pytest.mark.slow
def test_without_workers_dask_is_not_imported(tmp_path: Path) -> None:
    program = IN_A_PROCESS.replace(", workers=2", "") + "    assert 'distributed' not in sys.modules\n"
    source = saved(tmp_path, chain(2, {1: "Erf"}))
    (tmp_path / "verdict.sh").write_text(FINDS_ERF)
    words = [str(source), f"sh {tmp_path}/verdict.sh", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(HAILO)}
    subprocess.run([sys.executable, str(saved_program(tmp_path, program)), *words], env=environment, check=True)


@pytest.mark.slow
def test_kill_9_with_workers_and_again(reduce: Reduce, script: Script, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    count = 'fuse=$(dirname "$0")/fuse; echo >> "$fuse"; '
    kill = 'mkdir "$fuse.blown" 2> /dev/null && kill -9 "$(cat "$fuse.pid")"'  # only one can make it
    fuse = f'{count} if [ "$(wc -l < "$fuse")" -ge 9 ]; then {kill}; fi\n'
    command = script(f"{fuse} sleep 0.1; {FINDS_ERF}")
    source = saved(tmp_path, chain(30, {17: "Erf"}))
    (tmp_path / "fuse.pid").write_text("0")
    words = [sys.executable, str(saved_program(tmp_path)), str(source), command, str(tmp_path / "out")]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(HAILO)}, stderr=subprocess.DEVNULL)
    (tmp_path / "fuse.pid").write_text(str(process.pid))
    assert process.wait(60) == -9
    token = json.loads((tmp_path / "out" / "steps" / "lock").read_text())["token"]
    resumed = reduce(source, check=command, workers=2)
    assert not marked(token)
    assert resumed.resumed >= 5
    undisturbed = reduce(source, "undisturbed", check=command)
    assert resumed.reduced.read_bytes() == undisturbed.reduced.read_bytes()
    assert [step.read_bytes() for step in resumed.steps] == [step.read_bytes() for step in undisturbed.steps]


def saved_program(folder: Path, program: str = IN_A_PROCESS) -> Path:
    """Write a program to a file: processes that it starts import it."""
    path = folder / "program.py"
    path.write_text(program)
    return path
