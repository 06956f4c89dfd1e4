"""Steps: shared between points, with keys that say what they depend on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tasnet2hef.explore.grid import default_grid, points_of
from tasnet2hef.explore.options import Study
from tasnet2hef.explore.planner import Planner
from tasnet2hef.explore.point import Point
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.steps import hand_over, run_job

STUDY = Study("net.pth", "speech", "model-1", "speech-1", (), students={"student.pth": "model-2"})


def steps_of(*points: Point, study: Study = STUDY) -> Counter[str]:
    planner = Planner(study)
    for point in points:
        planner.point(point)
    return Counter(job.step for job, _ in planner.jobs.values())


def test_a_point_takes_each_step_once() -> None:
    once = ("original", "export", "check", "calibrate", "simulate", "time")
    assert steps_of(Point()) == dict.fromkeys(once, 1)


@pytest.mark.parametrize(
    ("other", "more"),
    [
        (Point(precision="a16_w16"), {}),
        (Point(segments=2), {"check": 1}),
        (Point(ends="host"), {"check": 1, "simulate": 1}),
        (Point(streams=4), {"export": 1, "check": 1}),
        (Point(precision="search"), {"search": 1}),
        (Point(residual="joint"), {"export": 1, "check": 1, "simulate": 1, "time": 1}),
        (Point(seconds=1.0), {"export": 1, "check": 1, "simulate": 1, "time": 1, "calibrate": 1}),
        (Point(norms="frozen"), {"freeze": 1, "export": 1, "check": 1, "simulate": 1, "time": 1, "calibrate": 1}),
        (Point(norms="student.pth"), {"export": 1, "check": 1, "simulate": 1, "time": 1, "calibrate": 1}),
    ],
)
def test_points_share_what_they_have_in_common(other: Point, more: dict[str, int]) -> None:
    assert steps_of(Point(), other) - steps_of(Point()) == more


def test_the_original_is_separated_once_for_the_whole_default_grid() -> None:
    points = points_of(default_grid(streams_over_time=False, has_skip=True, causal=True))
    steps = steps_of(*points)
    assert steps["original"] == steps["freeze"] == 1
    assert steps["simulate"] < len(points)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"hardware": "hailo8l"}, {"export", "simulate", "calibrate", "time", "original"}),
        ({"windows": 128}, {"export", "check", "time", "original"}),
        ({"speech": "speech-2"}, {"export", "check", "time"}),
        ({"model": "model-3"}, set()),
    ],
)
def test_keys_change_with_what_a_step_depends_on(change: dict[str, object], kept: set[str]) -> None:
    before, after = Planner(STUDY), Planner(replace(STUDY, **change))  # type: ignore[arg-type]
    before.point(Point())
    after.point(Point())
    assert {before.jobs[key][0].step for key in before.jobs.keys() & after.jobs.keys()} == kept


def test_only_what_is_missing_is_done_and_its_inputs_are_handed_over(tmp_path: Path) -> None:
    planner, store = Planner(STUDY), Store(tmp_path)
    keys = planner.point(Point())
    for key in ("model-1", "speech-1", keys.export, keys.calibration):
        store.put(key, Product({}, {"file": b"content"}))
    wanted = planner.wanted([keys.scores], store)
    assert [planner.jobs[key][0].step for key in wanted] == ["original", "simulate"]
    tasks = {task.key: task for task in planner.tasks(wanted, store, is_shared=False)}
    assert {task.function for key, task in tasks.items() if key in wanted} == {run_job}
    held = tasks[keys.export]
    assert held.function is hand_over
    assert held.arguments[0].files == {"file": b"content"}
    assert all(each in tasks for task in tasks.values() for each in task.inputs)
    shared = {task.key: task for task in planner.tasks(wanted, store, is_shared=True)}
    assert shared[keys.export].arguments[0].files == {}
