"""Schedulers and workers as processes of this machine, which don't outlive the test."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import Client

import tasnet2hef
from tests.base.workers.functions import LIMIT_S

_PRCTL = ctypes.CDLL(None).prctl
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
HAILO = Path(tasnet2hef.__file__).parents[1]


def wait_until(is_so: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Return what ``is_so`` returns once that is true."""
    end = time.monotonic() + limit_s
    while not (found := is_so()):
        assert time.monotonic() < end, f"not so within {limit_s:g} s"
        time.sleep(0.02)
    return found


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


class Cluster:
    """A scheduler, and the workers that a test starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self._start(
            "dask_scheduler", "--port", "0", "--idle-timeout", "300", "--scheduler-file", str(file)
        )
        self.address: str = wait_until(lambda: _address(file))

    def worker(
        self, name: str, *options: str, paths: tuple[Path, ...] = (), python: str = sys.executable
    ) -> subprocess.Popen[bytes]:
        """Start a worker with one thread; it joins a little later."""
        common = ("--name", name, "--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder))
        return self._start("dask_worker", self.address, *common, *options, paths=paths, python=python)

    def wait_for(self, *names: str) -> None:
        """Return when the workers are exactly these."""
        with Client(self.address, set_as_default=False, timeout=LIMIT_S) as client:
            wait_until(
                lambda: {str(each["name"]) for each in client.scheduler_info()["workers"].values()} == set(names)
            )

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """Return what a process wrote."""
        return (self._folder / f"{self._processes.index(process)}.log").read_text()

    def close(self) -> None:
        for process in reversed(self._processes):
            end(process)

    def _start(
        self, module: str, *options: str, paths: tuple[Path, ...] = (), python: str = sys.executable
    ) -> subprocess.Popen[bytes]:
        search = os.pathsep.join(map(str, [*paths, HAILO]))
        with (self._folder / f"{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", f"distributed.cli.{module}", "--host", "127.0.0.1", "--no-dashboard", *options],
                env={**os.environ, "PYTHONPATH": search, "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_test,
            )
        self._processes.append(process)
        return process


def _end_with_the_test() -> None:
    _PRCTL(_DEATH_SIGNAL, signal.SIGKILL)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(LIMIT_S)


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    """Yield a scheduler without workers; end all at the end."""
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.close()


def _address(file: Path) -> str:
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError):
        return ""


def with_torch(folder: Path) -> Path:
    """Return a folder that makes an environment look as if it had PyTorch."""
    found = folder / "with_torch"
    (found / "torch").mkdir(parents=True)
    (found / "torch" / "__init__.py").write_text("")
    return found


def without_torch(folder: Path) -> Path:
    """Return a folder that makes an environment look as if it had no PyTorch."""
    found = folder / "without_torch"
    found.mkdir()
    (found / "sitecustomize.py").write_text('import sys\nsys.modules["torch"] = None\n')
    return found


def old_package(folder: Path, version: str, *, with_workers: bool) -> Path:
    """Return a folder with an old version of this package, of which only ``base`` is there."""
    package = folder / "tasnet2hef"
    left_out = shutil.ignore_patterns("__pycache__", *([] if with_workers else ["workers"]))
    shutil.copytree(HAILO / "tasnet2hef" / "base", package / "base", ignore=left_out)
    shutil.copy(HAILO / "tasnet2hef" / "__init__.py", package)
    text = (package / "base" / "version.py").read_text()
    (package / "base" / "version.py").write_text(text.replace(tasnet2hef.__version__, version))
    facts = folder / f"tasnet2hef-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tasnet2hef\nVersion: {version}\n")
    return folder
