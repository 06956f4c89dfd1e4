"""The stand-ins of ``make bench-explore`` make a whole study, and its plain simulation keeps to the bounds."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="a study's steps are in the rooms of torch")

from scripts.explore_bench.rehearsal import Rehearsed, spread_seconds, taken_back
from scripts.explore_bench.schedule import critical_path_s, makespan_s
from scripts.explore_bench.studies import begin_empty, run
from tasnet2hef.base.workers import InProcess, Task
from tasnet2hef.explore import steps


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """A study of 40 points whose steps were stand-ins."""
    folder, workers = tmp_path_factory.mktemp("study"), Rehearsed(InProcess())
    with taken_back():
        report = run(begin_empty(40, folder / "steps"), folder / "study", workers)
    assert [row.outcome for row in report.rows] == ["measured"] * 40
    assert report.front
    return workers


def test_the_process_has_its_own_steps_back(rehearsed: Rehearsed) -> None:
    assert steps._steps.__module__ == steps.__name__


@pytest.mark.parametrize("workers", [1, 3, 1_000])
def test_no_schedule_is_quicker_than_the_work_or_the_longest_chain(rehearsed: Rehearsed, workers: int) -> None:
    seconds = {task.key: _seconds(task) for task in rehearsed.tasks}
    work_s, path_s = sum(seconds.values()), critical_path_s(rehearsed.tasks, seconds)
    took_s = makespan_s(rehearsed.tasks, seconds, workers)
    assert max(work_s / workers, path_s) <= took_s + 1e-9
    assert took_s <= work_s / workers + path_s + 1e-9


def test_a_scheduler_hands_out_no_more_than_it_can(rehearsed: Rehearsed) -> None:
    seconds = dict.fromkeys((task.key for task in rehearsed.tasks), 0.0)
    took_s = makespan_s(rehearsed.tasks, seconds, 1_000, tasks_per_s=10)
    assert took_s == pytest.approx((len(seconds) - 1) / 10)


def _seconds(task: Task) -> float:
    return spread_seconds(task.key) if task.function is steps.run_job else 0.0
