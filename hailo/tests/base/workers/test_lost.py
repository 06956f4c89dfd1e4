"""Workers and schedulers that are killed in the middle of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.workers import DFC, Task, open_workers
from tests.base.workers.clusters import Cluster, cluster_in, end, wait_until
from tests.base.workers.functions import logged, meet, nothing, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield a scheduler; each test adds workers, and ends them."""
    with cluster_in(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_what_killed_workers_ran_and_held_is_done_by_others(cluster: Cluster, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    first = {name: cluster.worker(name) for name in ("one", "two")}
    cluster.wait_for(*first)
    held = [Task(f"held-{n}", meet, (str(tmp_path / "met"), 2)) for n in range(2)]
    waiting = [Task(f"waiting-{n}", logged, (str(log), str(gate), n)) for n in range(6)]
    last = Task("last", nothing, (), tuple(task.key for task in [*held, *waiting]))
    ended = []
    with open_workers(cluster.address) as workers:
        running = workers.run([*held, *waiting, last])
        ended += [next(running), next(running)]
        wait_until(lambda: len(_lines(log)) == 2)
        end(first["one"])
        cluster.wait_for("two")
        end(first["two"])
        cluster.wait_for()
        (tmp_path / "met").write_text("one two")
        others = [cluster.worker("three")]
        try:
            wait_until(lambda: len(_lines(log)) == 3)
            others.append(cluster.worker("four"))
            wait_until(lambda: len(_lines(log)) == 4)
            gate.touch()
            ended += running
        finally:
            for each in others:
                end(each)
    assert {each.key for each in ended} == {task.key for task in [*held, *waiting, last]}
    assert [each.error for each in ended if each.error is not None] == []
    cluster.wait_for()


def test_a_worker_that_is_started_late_gets_what_waits(cluster: Cluster, tmp_path: Path) -> None:
    """It joins before it has its resources: what waits for them has to be looked at again then."""
    first = cluster.worker("first")
    cluster.wait_for("first")
    with open_workers(cluster.address) as workers:
        running = workers.run(
            [
                Task("quick", nothing),
                *(Task(f"late-{n}", logged, (str(tmp_path / "log"), str(tmp_path / "gate"))) for n in range(3)),
            ]
        )
        next(running)
        end(first)
        cluster.wait_for()
        (tmp_path / "gate").touch()
        late = cluster.worker("late")
        try:
            assert [each.error for each in running] == [None] * 3
        finally:
            end(late)
    cluster.wait_for()


def test_no_worker_comes_back(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasnet2hef.base.workers.run._LOST_AFTER_S", 0.4)
    monkeypatch.setattr("tasnet2hef.base.workers.run._LOOK_AROUND_S", 0.2)
    compiler, other = cluster.worker("compiler", "--resources", "DFC=1"), cluster.worker("other")
    cluster.wait_for("compiler", "other")
    gone = Task("compile", wait_for, (str(tmp_path / "never"),), needs=frozenset({DFC}))
    try:
        with open_workers(cluster.address) as workers:
            running = workers.run([Task("quick", nothing), gone])
            assert next(running).key == "quick"
            end(compiler)
            with pytest.raises(RefusedError, match="found no worker for what is left"):
                next(running)
    finally:
        end(compiler)
        end(other)
    cluster.wait_for()


def test_the_scheduler_is_ended(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with cluster_in(tmp_path) as cluster:
        cluster.worker("one")
        cluster.wait_for("one")
        with open_workers(cluster.address) as workers:
            running = workers.run(
                [
                    Task("quick", nothing),
                    *(Task(f"long-{n}", wait_for, (str(tmp_path / "never"),)) for n in range(5)),
                ]
            )
            next(running)
            end(cluster.scheduler)
            started = time.monotonic()
            with pytest.raises(RefusedError, match="found the connection to the scheduler lost"):
                list(running)
            assert time.monotonic() - started < 5
            closing = time.monotonic()
        assert time.monotonic() - closing < 8
    assert capfd.readouterr() == ("", "")
