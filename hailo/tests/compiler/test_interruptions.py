"""A run that is cut off, at any instant, loses at most the stage that it was in; two runs do not meet."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.base.supervise.processes import marked
from tasnet2hef.compiler.run_record import RECORD_NAME
from tests.compiler.conftest import Bench, FinishedRun, wait_until

KILLS, FOLDERS = 20, 5
GUARD_SECONDS = 60
"""Against hanging only."""
SCRIPT = Path(__file__).parents[2] / "onnx_to_hef.py"


# Answers each line, an output and the seconds until its kill -9 (0: none), with the exit code of a run in a
# process of its own. It is a copy of this one, so that only the run is cut, not the start of Python and imports.
DRIVER = """
import os, signal, sys, time
from pathlib import Path
from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import Silence
graph, calibration = map(Path, sys.argv[1:])

def run(output):
    code = 1
    try:
        options = CompileOptions(output=output, force=True)
        report = compile_graph(OpenedGraph.read(graph), calibration, options, Silence())
        code = 0 if report.outcome == "done" else 1
    finally:
        os._exit(code)

def wait(pid, seconds):
    limit = time.monotonic() + seconds if seconds else float("inf")
    while time.monotonic() < limit:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]

print("ready", flush=True)
for line in sys.stdin:
    output, seconds = line.rstrip().split("\\t")
    pid = os.fork()
    if not pid:
        run(Path(output))
    print(os.waitstatus_to_exitcode(wait(pid, float(seconds))), flush=True)
"""


class _Drivers:
    """Runs without what the command does before and after them."""

    def __init__(self, bench: Bench) -> None:
        words = [sys.executable, "-c", DRIVER, str(bench.model), str(bench.calibration)]
        self._server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "ready"

    def run(self, output: Path, killed_after: float = 0.0) -> int:
        """Return the exit code of a run; of one that was killed before its end that is -9."""
        assert self._server.stdin is not None
        self._server.stdin.write(f"{output}\t{killed_after}\n")
        self._server.stdin.flush()
        return int(self._answer())

    def _answer(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline().strip()

    def end(self) -> None:
        self._server.communicate(timeout=GUARD_SECONDS)


@pytest.fixture
def drivers(bench: Bench) -> Iterator[_Drivers]:
    started_drivers = _Drivers(bench)
    yield started_drivers
    started_drivers.end()


def _start(bench: Bench) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own."""
    words = [str(SCRIPT), str(bench.model), "--calib", str(bench.calibration), "--force"]
    words += ["-o", str(bench.folder / "out.hef")]
    # A shell makes the commands that it runs in the background ignore Ctrl-C, and their children with them.
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (bench.folder / "printed.txt").open("wb") as printed:
            return subprocess.Popen([sys.executable, *words], stdout=printed, stderr=subprocess.STDOUT)
    finally:
        signal.signal(signal.SIGINT, earlier)


def _wait_for(bench: Bench, stage: str) -> None:
    printed = bench.folder / "printed.txt"
    wait_until(lambda: stage in bench.calls(), lambda: f"{stage} never began: {printed.read_text()}")


def _token(bench: Bench) -> str:
    return str(json.loads((bench.folder / "out.run" / "lock").read_text())["token"])


@pytest.mark.slow
def test_kill_9_in_the_middle_of_a_stage_then_resume(bench: Bench) -> None:
    bench.fault("compile", "hang with child")
    run = _start(bench)
    _wait_for(bench, "compile")
    token = _token(bench)
    wait_until(lambda: len(marked(token)) == 2, lambda: f"not a stage and what it started: {marked(token)}")
    run.kill()
    run.wait()
    wait_until(lambda: len(marked(token)) < 2, lambda: "the stage's process did not die with its parent")
    assert len(marked(token)) == 1, "what the stage had started is still there"
    bench.mend()
    report = bench.compile()
    assert report.outcome == "done"
    assert [record.stage for record in report.records if record.reused] == ["translate", "optimize", "emulate"]
    assert not marked(token), "what the killed run had left at work was stopped"
    assert any("earlier, killed run" in note for note in report.notes)


@pytest.mark.slow
def test_kill_9_at_20_instants_then_the_same_bytes(bench: Bench, drivers: _Drivers) -> None:
    """Five folders, in each a run and its resumptions are killed four times; the instants lie over a whole run."""
    started = time.monotonic()
    assert drivers.run(bench.folder / "out.hef") == 0
    whole_run = time.monotonic() - started
    expected = (bench.folder / "out.hef").read_bytes()
    instants = [whole_run * (number + random.Random(number).random()) / KILLS for number in range(KILLS)]
    random.Random(7).shuffle(instants)
    killed = 0
    for number, instant in enumerate(instants):
        output = bench.folder / f"killed_{number % FOLDERS}.hef"
        ended = drivers.run(output, killed_after=instant)
        assert ended in (-signal.SIGKILL, 0), "a run that goes on from late stages may be done before"
        killed += ended == -signal.SIGKILL
        saved = output.with_suffix(".run") / RECORD_NAME
        assert not saved.is_file() or json.loads(saved.read_text())["stages"], "a record is whole or not there"
        assert not output.is_file() or output.read_bytes() == expected, "a HEF is whole or not there"
    assert killed > 0
    for number in range(FOLDERS):
        report = bench.compile(output=bench.folder / f"killed_{number}.hef")
        assert report.outcome == "done"
        assert report.hef is not None
        assert report.hef.path.read_bytes() == expected


@pytest.mark.slow
def test_control_c_stops_everything_and_keeps_what_is_done(bench: Bench) -> None:
    bench.fault("optimize", "hang")
    run = _start(bench)
    _wait_for(bench, "optimize")
    token = _token(bench)
    run.send_signal(signal.SIGINT)
    assert run.wait(GUARD_SECONDS) == 130
    assert not marked(token)
    bench.mend()
    report = bench.compile()
    assert report.outcome == "done"
    assert bench.calls().count("translate") == 1


@pytest.mark.slow
def test_a_second_run_in_one_folder_is_reported(bench: Bench) -> None:
    bench.fault("optimize", "hang")
    run = _start(bench)
    try:
        _wait_for(bench, "optimize")
        with pytest.raises(OptionError, match=rf"another run at work there \(process {run.pid}\)"):
            bench.compile()
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(GUARD_SECONDS)


def test_a_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text('{"pid": 999999, "token": "gone"}')
    with locked(tmp_path) as lock:
        assert lock.orphans == 0
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


@pytest.mark.slow
def test_a_damaged_record_is_no_record(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    (bench.folder / "out.run" / RECORD_NAME).write_text('{"format": 1, "stages": [{"key"')
    assert bench.compile().outcome == "done"
    assert bench.calls().count("translate") == 2
