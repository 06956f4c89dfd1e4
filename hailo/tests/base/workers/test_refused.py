"""Schedulers and workers that can't be used: each is refused in one line, at once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.version import __version__
from tasnet2hef.base.workers import DFC, TORCH, Task, open_workers
from tests.base.workers.clusters import HAILO, Cluster, cluster_in, end, old_package, without_torch
from tests.base.workers.functions import nothing

pytestmark = pytest.mark.slow

NOBODY = "tcp://127.0.0.1:1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Yield a scheduler to which tests add workers, and stop them."""
    with cluster_in(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def _refusal(address: str, *needs: str) -> str:
    with pytest.raises(OptionError) as refused, open_workers(address, needs=needs):
        pass
    return str(refused.value)


PROGRAM = """
import sys
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.workers import joining, open_workers

joining.CONNECT_S = 1.0
try:
    with open_workers(sys.argv[1]):
        pass
except OptionError as error:
    print(error)
"""


def _printed(address: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(HAILO)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, address], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    return done.stdout


def test_no_scheduler_there() -> None:
    assert f"--scheduler {NOBODY}: found no scheduler that answers within 1 s" in _printed(NOBODY)


def test_something_else_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasnet2hef.base.workers.joining.CONNECT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "found no scheduler that answers" in _refusal(f"tcp://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://127.0.0.1", "http://127.0.0.1:1", "127.0.0.1:port", ":", "127.0.0.1:99999"]
)
def test_no_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasnet2hef.base.workers.joining.CONNECT_S", 0.2)
    assert _refusal(address).startswith(f"--scheduler {address}: found no scheduler")


def test_a_scheduler_without_workers(cluster: Cluster) -> None:
    assert "found a scheduler without workers, expected one at least" in _printed(cluster.address)


def test_a_scheduler_of_another_dask(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    async def versions(_client: Client) -> dict[str, Any]:
        return {
            "client": {"packages": {"distributed": "2026.8.0"}},
            "scheduler": {"packages": {"distributed": "2020.1.0"}},
        }

    monkeypatch.setattr(Client, "get_versions", versions)
    assert "found a scheduler of dask.distributed 2020.1.0, expected 2026.8.0" in _refusal(cluster.address)


@pytest.mark.parametrize("with_workers", [False, True])
def test_a_worker_of_an_old_version(cluster: Cluster, tmp_path: Path, with_workers: bool) -> None:
    old = cluster.worker("elder", paths=(old_package(tmp_path, "0.0.1", with_workers=with_workers),))
    cluster.wait_for("elder")
    try:
        told = _refusal(cluster.address)
    finally:
        end(old)
        cluster.wait_for()
    assert re.search(
        rf": worker elder.*: found tasnet2hef 0\.0\.1, expected {re.escape(__version__)}, as here", told
    )


def test_a_worker_that_has_not_what_is_needed_is_no_scheduler_or_does_not_answer(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = cluster.worker("plain", paths=(without_torch(tmp_path),))
    cluster.wait_for("plain")
    try:
        assert "start one beside the compiler with --resources DFC=1" in _refusal(cluster.address, DFC)
        assert "start one in an environment with PyTorch" in _refusal(cluster.address, TORCH)
        with open_workers(cluster.address) as workers, pytest.raises(OptionError, match="--resources DFC=1"):
            list(workers.run([Task("compile", nothing, needs=frozenset({DFC}))]))
        with Client(cluster.address, set_as_default=False) as client:
            (address,) = client.scheduler_info()["workers"]
        assert "it is a Worker" in _refusal(address)
        plain.send_signal(signal.SIGSTOP)
        monkeypatch.setattr("tasnet2hef.base.workers.slots.ANSWER_S", 0.5)
        assert "found a scheduler or a worker that does not answer within" in _refusal(cluster.address)
    finally:
        end(plain)
        monkeypatch.undo()
        cluster.wait_for()
