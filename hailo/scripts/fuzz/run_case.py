"""Runs a case in a process of its own, forked from one that has imported everything: limits, and what it left."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tasnet2hef
from scripts.fuzz.case import Case
from tasnet2hef.cli.main import main

Command = Callable[[Sequence[str]], int]
"""Takes the arguments and returns the exit code."""

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_PAGE_BYTES: Final = resource.getpagesize()


@dataclass(frozen=True)
class Limits:
    """What a case may use."""

    cpu_seconds: int = 10
    seconds: float = 40.0
    """By the clock: for what waits and does not compute; longer, because others use the machine too."""
    memory_bytes: int = 1500 << 20
    """Address space beyond what the imports take."""


@dataclass(frozen=True)
class Ending:
    """How a case ended, what it printed, and what it did to the folder that it ran in."""

    exit_code: int | None
    """None where a signal ended it."""
    signal: int = 0
    overtime: bool = False
    out: bytes = b""
    err: bytes = b""
    changed: tuple[str, ...] = ()
    """Files that it was given and that are no longer what they were, but for its state."""
    new: tuple[str, ...] = ()
    """Files that were not there before, but for its state."""
    temporary: tuple[str, ...] = ()
    """Files that it left in the folder for temporary files."""


def tasnet2hef_command(arguments: Sequence[str]) -> int:
    """Run a command of tasnet2hef as a shell would, in this process."""
    sys.argv = ["tasnet2hef", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)


def warm_up() -> None:
    """Import all that a command may import, before the first fork."""
    os.environ.update(_ONE_THREAD)
    for module in pkgutil.walk_packages(tasnet2hef.__path__, "tasnet2hef.", onerror=lambda _: None):
        if not module.name.endswith("__main__"):
            _import(module.name)
    for name in ("matplotlib.figure", "matplotlib.backends.backend_agg", "onnxruntime", "soundfile", "soxr"):
        _import(name)
    gc.freeze()


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return  # what this environment lacks, its commands do not use


def run_case(case: Case, folder: Path, limits: Limits, command: Command = tasnet2hef_command) -> Ending:
    """Run ``case`` in an empty folder below ``folder``; what is there afterwards stays, to be looked at."""
    work, temporary = folder / "work", folder / "tmp"
    for each in (work, temporary, folder / "home"):
        each.mkdir(parents=True)
    write_files(case, work)
    process = os.fork()
    if not process:
        _become(case, folder, limits, command)
    code, overtime = _wait(process, limits.seconds)
    changed = tuple(name for name, content in case.files.items() if _differs(work / name, content))
    return Ending(
        os.WEXITSTATUS(code) if os.WIFEXITED(code) else None,
        os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0,
        overtime or (os.WIFSIGNALED(code) and os.WTERMSIG(code) == signal.SIGXCPU),
        (folder / "out").read_bytes(),
        (folder / "err").read_bytes(),
        tuple(name for name in changed if not _is_state(name, case)),
        tuple(name for name in sorted(_files_in(work) - set(case.files)) if not _is_state(name, case)),
        tuple(sorted(_files_in(temporary))),
    )


def write_files(case: Case, folder: Path) -> None:
    """Write the files of a case, which its command may read only."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if not _is_state(name, case):
            path.chmod(0o444)


def in_a_process(work: Callable[[], object]) -> None:
    """Do ``work`` in a fork: what it imports, starts and computes must not be in this process.

    Raises:
        RuntimeError: it failed; its traceback is on stderr.
    """
    process = os.fork()
    if not process:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    if os.waitpid(process, 0)[1]:
        raise RuntimeError("the whole files could not be made")


def _become(case: Case, folder: Path, limits: Limits, command: Command) -> None:
    """Turn this fork into the command; it never returns."""
    code = 71
    try:
        os.setsid()
        os.chdir(folder / "work")
        os.environ.update(TMPDIR=str(folder / "tmp"), HOME=str(folder / "home"))
        os.environ["TASNET2HEF_HOME"] = str(folder / "home")
        tempfile.tempdir = None
        for stream, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "out", _NEW), (2, "err", _NEW)):
            os.dup2(os.open(folder / name, flags, 0o644), stream)
        _limit(limits)
        code = command(case.arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _limit(limits: Limits) -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = limits.cpu_seconds + int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _wait(process: int, seconds: float) -> tuple[int, bool]:
    """Return the status of a process, and whether it had to be stopped; no process of its session outlives it."""
    handle = os.pidfd_open(process)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended, and left nobody
            os.killpg(process, signal.SIGKILL)
        return os.waitpid(process, 0)[1], not ended
    finally:
        os.close(handle)


def _differs(path: Path, content: bytes) -> bool:
    return not path.is_file() or path.read_bytes() != content


def _files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _is_state(name: str, case: Case) -> bool:
    return any(name == state or name.startswith(f"{state}/") for state in case.state)


def fresh_folder(folder: Path) -> Path:
    """Empty a folder, or make it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
