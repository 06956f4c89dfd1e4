"""Processes of this machine: what a task that goes wrong costs, and that nothing is left of them."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.workers import Ended, Task, Workers, open_workers, results_of
from tests.base.workers.clusters import HAILO, is_running, wait_until
from tests.base.workers.functions import (
    add,
    allocate,
    die,
    fail,
    logged,
    process_id,
    unpicklable,
    wait_for,
)

pytestmark = pytest.mark.slow

MEMORY_BYTES = 300 << 20


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with open_workers(processes=2, memory_bytes=MEMORY_BYTES) as opened:
        yield opened


def _all(workers: Workers, tasks: list[Task]) -> dict[str, Ended]:
    return {each.key: each for each in workers.run(tasks)}


def test_tasks_and_their_inputs(workers: Workers) -> None:
    tasks = [Task(f"n-{n}", add, (n, 1)) for n in range(20)]
    sums = results_of(workers, [*tasks, Task("sum", add, (100,), inputs=tuple(task.key for task in tasks))])
    assert sums["sum"] == 100 + sum(range(1, 21))
    assert workers.slots() == 2


def test_a_result_is_let_go_when_it_was_handed_out(workers: Workers) -> None:
    seen: list[weakref.ref[Any]] = []
    gc.disable()
    try:
        for ended in workers.run([Task(f"zeros-{n}", np.zeros, (100_000 + n,)) for n in range(12)]):
            seen.append(weakref.ref(ended.result))
            del ended
        assert sum(each() is not None for each in seen) <= 1
    finally:
        gc.enable()


def test_an_error_comes_back_as_it_was_raised_to_all_that_need_the_result(workers: Workers) -> None:
    ended = _all(
        workers, [Task("bad", fail, ("no",)), Task("user", add, inputs=("bad",)), Task("other", add, (1,))]
    )
    assert str(ended["bad"].error) == str(ended["user"].error) == "no"
    assert ended["other"].result == 1


def test_a_task_that_ends_its_process_costs_itself_only(workers: Workers) -> None:
    others = [Task(f"beside-{n}", add, (n,)) for n in range(40)]
    tasks = [*others[:10], Task("deadly", die), *others[10:], Task("user", add, inputs=("deadly",))]
    ended = _all(workers, tasks)
    assert [key for key, each in ended.items() if each.error is not None] == ["deadly", "user"]
    assert isinstance(ended["deadly"].error, RefusedError)
    assert "every process that ran it died" in str(ended["deadly"].error)


def test_a_task_that_takes_too_much_memory_costs_itself_only(workers: Workers) -> None:
    tasks = [Task("greedy", allocate, (2 * MEMORY_BYTES,)), *(Task(f"modest-{n}", add, (n,)) for n in range(8))]
    ended = _all(workers, tasks)
    assert [key for key, each in ended.items() if each.error is not None] == ["greedy"]
    assert "memory" in str(ended["greedy"].error)


def test_a_result_that_can_t_be_sent_is_an_error(workers: Workers) -> None:
    ended = _all(workers, [Task("lock", unpicklable), Task("beside-lock", add, (1,))])
    assert ended["lock"].error is not None
    assert ended["beside-lock"].result == 1


def test_a_function_that_no_other_process_can_import_is_refused(workers: Workers) -> None:
    with pytest.raises(TypeError, match="expected a function that any process can import"):
        list(workers.run([Task("local", lambda: 1)]))


def test_a_run_that_is_closed_gives_up_its_tasks_and_the_next_one_runs(workers: Workers, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    running = workers.run(
        [Task("quick", add, (1,)), *(Task(f"g-{n}", logged, (str(log), str(gate))) for n in range(9))]
    )
    assert next(running).key == "quick"
    running.close()
    gate.touch()
    assert results_of(workers, [Task("next", add, (2,))]) == {"next": 2}
    assert not log.exists() or len(log.read_text().splitlines()) <= 4


def test_processes_are_gone_when_the_workers_are_closed_in_the_middle(tmp_path: Path) -> None:
    with open_workers(processes=1) as workers:
        # Dask blames what waits in the process of another too: with one process, all that it was handed.
        ended = _all(workers, [Task("deadly", die), *(Task(f"behind-{n}", add, (n,)) for n in range(9))])
        assert [key for key, each in ended.items() if each.error is not None] == ["deadly"]
        running = workers.run([Task("pid", process_id), Task("long", wait_for, (str(tmp_path / "never"),))])
        process = next(running).result
        started = time.monotonic()
    assert time.monotonic() - started < 10
    assert not is_running(process)


PROGRAM = """
import sys
from tasnet2hef.base.workers import Task, open_workers
from tests.base.workers.functions import logged

if __name__ == "__main__":
    try:
        with open_workers(processes=2) as workers:
            for each in workers.run([Task(f"long-{n}", logged, (sys.argv[1], sys.argv[2])) for n in range(6)]):
                print(each)
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_ends_all_processes_and_prints_nothing(tmp_path: Path) -> None:
    log, program = tmp_path / "log", tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(program), str(log), str(tmp_path / "never")],
        env={**os.environ, "PYTHONPATH": str(HAILO)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 2)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        printed, _ = process.communicate(timeout=15)
    finally:
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
    assert printed == "interrupted\n"
    for line in log.read_text().splitlines():
        assert not is_running(int(line.split()[0]))
