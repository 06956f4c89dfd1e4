"""Tasks are added to a queue while others run, and one that is given up frees its worker."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tasnet2hef.base.workers import DFC, Ended, InProcess, Queue, Task, open_workers
from tasnet2hef.base.workers.here import stop_if_given_up, worker_name

pytest.importorskip("distributed")

BESIDE_COMPILER = frozenset({DFC})


def _until_given_up(note: str) -> None:
    Path(note).touch()
    for _ in range(600):
        time.sleep(0.05)
        stop_if_given_up()


def _taken(queue: Queue) -> Ended:
    for _ in range(600):
        if (ended := queue.take(0.1)) is not None:
            return ended
    raise AssertionError("nothing ended")


def test_in_this_process_one_after_the_other() -> None:
    queue = InProcess().queue()
    queue.add(Task("a", len, ("four",)))
    queue.add(Task("b", max, (3,), inputs=("a",)))
    queue.add(Task("c", int, ("no number",)))
    queue.add(Task("d", worker_name))
    queue.give_up("d")
    assert queue.under_way == 3
    assert [_taken(queue).result for _ in range(2)] == [4, 4]
    assert isinstance(_taken(queue).error, ValueError)
    assert queue.take(0) is None


@pytest.mark.slow
def test_a_task_that_is_given_up_frees_its_worker(tmp_path: Path) -> None:
    note = tmp_path / "began"
    with open_workers(processes=1) as workers:
        assert (workers.slots(), workers.slots(BESIDE_COMPILER)) == (1, 0)
        queue = workers.queue()
        queue.add(Task("long", _until_given_up, (str(note),)))
        while not note.exists():
            assert queue.take(0.05) is None
        queue.add(Task("name", worker_name))
        queue.add(Task("name", worker_name))
        assert queue.under_way == 2
        queue.give_up("long")
        ended = _taken(queue)
        assert ended.key == "name"
        assert ended.result.startswith("worker 0 on ")
        assert queue.under_way == 0
        queue.add(Task("failed", int, ("no number",)))
        assert isinstance(_taken(queue).error, ValueError)
        queue.close()


@pytest.mark.slow
def test_the_compiler_has_a_slot_of_its_own() -> None:
    with open_workers(processes=1, needs=[DFC]) as workers:
        assert (workers.slots(), workers.slots(BESIDE_COMPILER)) == (1, 1)
        ended = list(workers.run([Task("n", worker_name, needs=BESIDE_COMPILER), Task("m", worker_name)]))
        assert {each.key: each.result.split(" on ")[0] for each in ended} == {"n": "worker 1", "m": "worker 0"}
