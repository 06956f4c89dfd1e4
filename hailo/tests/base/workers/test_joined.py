"""Workers that others started: who gets which tasks, and two clients at once."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from tasnet2hef.base.workers import DFC, TORCH, Ended, Task, Workers, open_workers, results_of
from tests.base.workers.clusters import HAILO, Cluster, cluster_in, old_package, with_torch, without_torch
from tests.base.workers.functions import (
    length,
    logged,
    meet,
    nothing,
    overlapping,
    same,
    times_received,
    worker_name,
)

pytestmark = pytest.mark.slow

COMPILE = frozenset({DFC})
NEEDS_TORCH = frozenset({TORCH})
OTHERS = {"to-onnx-env": "to-hailo-env", "to-hailo-env": "to-onnx-env"}
LARGE_BYTES = 20_000_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with cluster_in(folder) as found:
        found.worker("plain", paths=(without_torch(folder),))
        found.worker("torch", paths=(with_torch(folder),))
        found.worker("compiler", "--resources", "DFC=1")
        found.wait_for("plain", "torch", "compiler")
        yield found


@pytest.fixture(scope="module")
def workers(cluster: Cluster) -> Iterator[Workers]:
    with open_workers(cluster.address, needs=[TORCH, DFC]) as opened:
        yield opened


def test_each_task_runs_where_its_needs_are(workers: Workers) -> None:
    kinds: dict[str, frozenset[str]] = {"any": frozenset(), "torch": NEEDS_TORCH, "compile": COMPILE}
    names = results_of(
        workers,
        [Task(f"{kind}-{n}", worker_name, (n,), needs=needs) for n in range(12) for kind, needs in kinds.items()],
    )
    ran = {kind: {name for key, name in names.items() if key.startswith(kind)} for kind in kinds}
    assert ran == {"any": {"plain", "torch"}, "torch": {"torch"}, "compile": {"compiler"}}
    assert workers.slots() == 2


def test_one_compilation_runs_at_a_time(workers: Workers, tmp_path: Path) -> None:
    log = tmp_path / "log"
    results_of(workers, [Task(f"overlap-{n}", overlapping, (str(log),), (), COMPILE) for n in range(6)])
    assert log.read_text().split() == ["begin", "end"] * 6


def _begun(workers: Workers, task: Task, name: str) -> Generator[Ended, None, None]:
    """Return a run whose first task the scheduler knows."""
    running = workers.run([task, Task(f"quick-{task.key}-{name}", nothing)])
    assert next(running).error is None
    return running


def test_equal_keys_of_two_clients_are_run_once(workers: Workers, cluster: Cluster, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    task = Task("for-both", logged, (str(log), str(gate), 7))
    with open_workers(cluster.address) as others:
        running = [_begun(workers, task, "one"), _begun(others, task, "other")]
        gate.touch()
        assert [next(each).result for each in running] == [7, 7]
    assert len(log.read_text().splitlines()) == 1


def test_a_client_that_stops_does_not_take_a_task_from_another(
    workers: Workers, cluster: Cluster, tmp_path: Path
) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    task = Task("wanted-by-both", logged, (str(log), str(gate), 7))
    with open_workers(cluster.address) as others:
        other = _begun(others, task, "other")
        one = _begun(workers, task, "one")
        other.close()
    gate.touch()
    assert next(one).result == 7
    assert len(log.read_text().splitlines()) == 1


def test_a_large_argument_travels_once_to_each_worker(
    workers: Workers, cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    held = Task("held-large", same, (b"\1" * LARGE_BYTES,))
    kinds = {"torch": NEEDS_TORCH, "compiler": COMPILE, "any": frozenset[str]()}
    users = [Task(f"{k}-{n}", length, (n,), (held.key,), needs) for n in range(20) for k, needs in kinds.items()]
    ended = results_of(workers, [held, *users])
    assert {ended[task.key] - LARGE_BYTES for task in users} == set(range(20))
    with Client(cluster.address, set_as_default=False) as client:
        received = client.run(times_received, held.key).values()
    assert 1 <= sum(received) <= 5  # Dask drops a copy now and then that nothing uses at that moment
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("with_workers", [False, True])
def test_an_old_worker_that_joins_later_gets_no_task(
    workers: Workers, cluster: Cluster, tmp_path: Path, with_workers: bool
) -> None:
    old = cluster.worker("old", paths=(old_package(tmp_path, "0.0.1", with_workers=with_workers),))
    try:
        if with_workers:
            cluster.wait_for("plain", "torch", "compiler", "old")
        else:
            assert old.wait(30) != 0
        names = results_of(workers, [Task(f"late-{with_workers}-{n}", worker_name, (n,)) for n in range(20)])
        assert set(names.values()) == {"plain", "torch"}
    finally:
        old.kill()
        old.wait(30)
    cluster.wait_for("plain", "torch", "compiler")


def test_a_compiler_of_another_python_takes_part(cluster: Cluster, tmp_path: Path) -> None:
    """Numbers go there and back between the two environments of this project."""
    other = HAILO / OTHERS.get(Path(sys.prefix).name, "") / "bin" / "python"
    if not other.is_file():
        pytest.skip(f"{other}: the other environment is not there")
    compiler = cluster.worker("other", "--resources", "DFC=1", python=str(other))
    try:
        cluster.wait_for("plain", "torch", "compiler", "other")
        with open_workers(cluster.address, needs=[DFC]) as workers:
            numbers = {"weights": np.arange(6.0).reshape(2, 3)}
            made = Task("numbers", same, (numbers,))
            users = [Task(f"abroad-{n}", same, (), (made.key,), COMPILE) for n in range(6)]
            log = str(tmp_path / "log")
            names = [Task(f"name-{n}", meet, (log, 2), (made.key,), COMPILE) for n in range(2)]
            ended = results_of(workers, [made, *users, *names])
    finally:
        compiler.kill()
        compiler.wait(30)
    assert {ended[task.key] for task in names} == {"compiler", "other"}
    for task in users:
        np.testing.assert_array_equal(ended[task.key]["weights"], numbers["weights"])
    cluster.wait_for("plain", "torch", "compiler")
