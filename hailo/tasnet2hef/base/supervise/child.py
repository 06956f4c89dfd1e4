"""Runs a command in a process of its own, with its log, limits of time and memory, and how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.supervise.log import last_line
from tasnet2hef.base.supervise.processes import TOKEN_VARIABLE, marked_bytes, stop_group, stop_marked

POLL_SECONDS: Final = 0.1
MEMORY_POLL_SECONDS: Final = 1.0

Watch = Callable[[float, str], None]
"""Called every tenth of a second with the seconds since the start and the last line of the log."""


@dataclass(frozen=True)
class Limits:
    """When a process is stopped: seconds of time, bytes of memory of it and all its descendants."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class ChildEnd:
    """How a process ended.

    ``ended`` is `exited`, `killed by SIGSEGV` (or another signal), `out of time` or `out of memory`.
    """

    ended: str
    exit_code: int
    seconds: float
    peak_bytes: int

    @property
    def exited(self) -> bool:
        """Return whether the process ended by itself."""
        return self.ended == "exited"


def run_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    limits: Limits,
    watch: Watch,
    token: str,
    folder: Path | None = None,
) -> ChildEnd:
    """Run a command in a session of its own until it ends or exceeds its limits; its output goes to ``log``.

    It runs in ``folder``, or else in that of ``log``: the compiler writes files into its current folder.
    ``token`` marks it and its descendants; they are all killed before this returns or raises.

    Raises:
        OptionError: the command can't be started.
    """
    started = time.monotonic()
    with log.open("ab") as sink:
        try:
            child = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=folder or log.parent,
                env={**os.environ, **environment, TOKEN_VARIABLE: token},
                start_new_session=True,
            )
        except OSError as error:
            raise OptionError(
                f"{command[0]}: can't be started ({error.strerror}); give another --python"
            ) from error
    try:
        reason, peak = _wait(child, log, limits, watch, token)
    finally:
        stop_group(child.pid)
        stop_marked(token)
        child.wait()
    return ChildEnd(reason or _ending(child.returncode), child.returncode, time.monotonic() - started, peak)


def _wait(child: subprocess.Popen[bytes], log: Path, limits: Limits, watch: Watch, token: str) -> tuple[str, int]:
    """Return why the child must be stopped, empty if it ended by itself, and its peak memory in bytes."""
    peak, measured, started = 0, 0.0, time.monotonic()
    while True:
        try:
            child.wait(POLL_SECONDS)
            return "", peak
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
        watch(elapsed, last_line(log))
        if elapsed - measured >= MEMORY_POLL_SECONDS:
            measured = elapsed
            peak = max(peak, marked_bytes(token))
        if peak > limits.memory_bytes:
            return "out of memory", peak
        if elapsed > limits.seconds:
            return "out of time", peak


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else "exited"
