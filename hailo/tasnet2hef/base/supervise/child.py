"""One stage in a process of its own: its log, its time, its memory, and how it ended."""

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
MEMORY_LOOK_SECONDS: Final = 1.0

Watch = Callable[[float, str], None]
"""Told every tenth of a second: seconds since the start, and the last line of the log."""


@dataclass(frozen=True)
class Limits:
    """When a stage is stopped: seconds of time, bytes of memory over all its processes."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class ChildEnd:
    """How a stage's process ended.

    ``ended`` is `exited`, `killed by SIGSEGV` (or another signal), `out of time` or `out of memory`.
    """

    ended: str
    exit_code: int
    seconds: float
    peak_bytes: int

    @property
    def exited(self) -> bool:
        """Tell whether the process came to an end by itself."""
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
    """Run a command in a session of its own, in ``folder`` or else in that of ``log``, which takes its output.

    Whatever happens here, it is stopped. The compiler leaves files of its own where it runs.

    ``token`` marks it and all that it starts, so that none of them is left at work.

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
    """Return why the child must be stopped, empty where it ended by itself, and the most memory seen."""
    peak, looked, started = 0, 0.0, time.monotonic()
    while True:
        try:
            child.wait(POLL_SECONDS)
            return "", peak
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
        watch(elapsed, last_line(log))
        if elapsed - looked >= MEMORY_LOOK_SECONDS:
            looked = elapsed
            peak = max(peak, marked_bytes(token))
        if peak > limits.memory_bytes:
            return "out of memory", peak
        if elapsed > limits.seconds:
            return "out of time", peak


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else "exited"
