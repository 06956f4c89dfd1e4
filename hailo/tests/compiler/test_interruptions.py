"""A run that is cut off, at any instant, loses at most the stage that it was in; two runs do not meet."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.base.supervise.processes import marked
from tasnet2hef.compiler.run_record import RECORD_NAME
from tests.compiler.conftest import Bench, wait_until

KILLS, FOLDERS = 20, 5
GUARD_SECONDS = 60
"""Against hanging only."""
SCRIPT = Path(__file__).parents[2] / "onnx_to_hef.py"


DRIVER = """
import sys
from pathlib import Path
from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import Silence
graph, calibration, output = map(Path, sys.argv[1:])
compile_graph(OpenedGraph.read(graph), calibration, CompileOptions(output=output, force=True), Silence())
"""


def _start(bench: Bench) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own."""
    words = [str(SCRIPT), str(bench.model), "--calib", str(bench.calibration), "--force"]
    return _begin(bench, *words, "-o", str(bench.folder / "out.hef"))


def _start_driver(bench: Bench, output: Path) -> subprocess.Popen[bytes]:
    """Start a run without what the command does before and after it."""
    return _begin(bench, "-c", DRIVER, str(bench.model), str(bench.calibration), str(output))


def _begin(bench: Bench, *words: str) -> subprocess.Popen[bytes]:
    with (bench.folder / "printed.txt").open("wb") as printed:
        return subprocess.Popen([sys.executable, *words], stdout=printed, stderr=subprocess.STDOUT)


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
def test_kill_9_at_20_instants_then_the_same_bytes(bench: Bench) -> None:
    """Five folders, in each a run and its resumptions are killed four times; the instants lie over a whole run."""
    started = time.monotonic()
    assert _start_driver(bench, bench.folder / "out.hef").wait() == 0
    whole_run = time.monotonic() - started
    expected = (bench.folder / "out.hef").read_bytes()
    instants = [whole_run * (number + random.Random(number).random()) / KILLS for number in range(KILLS)]
    random.Random(7).shuffle(instants)
    for number, instant in enumerate(instants):
        output = bench.folder / f"killed_{number % FOLDERS}.hef"
        run = _start_driver(bench, output)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(instant)  # a run that goes on from late stages may be done before
        run.kill()
        run.wait()
        saved = output.with_suffix(".run") / RECORD_NAME
        assert not saved.is_file() or json.loads(saved.read_text())["stages"], "a record is whole or not there"
        assert not output.is_file() or output.read_bytes() == expected, "a HEF is whole or not there"
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
def test_a_second_run_in_one_folder_is_told_so(bench: Bench) -> None:
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
def test_a_damaged_record_is_no_record(bench: Bench) -> None:
    first = bench.compile()
    (first.folder / RECORD_NAME).write_text('{"format": 1, "stages": [{"key"')
    assert bench.compile().outcome == "done"
    assert bench.calls().count("translate") == 2
