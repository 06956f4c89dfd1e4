"""Runs a function in a copy of this process: native code that aborts, or never ends, ends the copy only."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, TypeVar

Result = TypeVar("Result")

_MEMORY_IN_USE: Final = Path("/proc/self/statm")
_SLOWEST: Final = 10
"""Times its processor time that a copy may take by the clock: it shares the processor, and may wait for ever."""
_PIECE: Final = 1 << 20


class ApartError(Exception):
    """The copy ended without a result; the text says how."""


def run_apart(work: Callable[[], Result], seconds: int, memory_bytes: int | None = None) -> Result:
    """Return what ``work`` returns, or raise what it raises; both must be picklable. It prints nothing.

    ``seconds`` limit its processor time, ten times as many its time by the clock; ``memory_bytes`` what it
    reserves beyond what this process has (Linux). Where processes can't be copied (Windows), it runs here and
    without limits.

    Raises:
        ApartError: it was ended by a signal or by a limit.
    """
    if not hasattr(os, "fork"):
        return work()
    reader, writer = os.pipe()
    sys.stdout.flush()
    with warnings.catch_warnings():  # of threads: the copy runs one function, which waits for none of them
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _answer(work, writer, seconds, memory_bytes)
    os.close(writer)
    try:
        answer = _read_until(reader, time.monotonic() + _SLOWEST * seconds)
    except BaseException:  # an interrupt: the copy must not outlive it
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise ApartError(_reason(status, seconds))
    result, error = pickle.loads(answer)
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _read_until(reader: int, deadline: float) -> bytes:
    """Read all that comes through a pipe, and close it.

    Raises:
        ApartError: its writer is still at work at the deadline.
    """
    pieces: list[bytes] = []
    with open(reader, "rb", buffering=0) as pipe:
        while True:
            if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise ApartError("did not end in time")
            piece = pipe.read(_PIECE)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)


def _reason(status: int, seconds: int) -> str:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"took more than {seconds} s of processor time"
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else "needed too much memory"


def _answer(work: Callable[[], object], writer: int, seconds: int, memory_bytes: int | None) -> NoReturn:
    """Write ``(result, error)`` to a pipe and end this process, without what Python does at its end."""
    status = 1
    try:
        gc.freeze()  # the end of the original's objects may wait for its threads, which are not here
        _limit(seconds, memory_bytes)
        try:
            answer: tuple[object, Exception | None] = (work(), None)
        except MemoryError:
            raise
        except Exception as error:
            answer = (None, error)
        with open(writer, "wb") as pipe:
            pickle.dump(answer, pipe)
        status = 0
    finally:
        os._exit(status)


def _limit(seconds: int, memory_bytes: int | None) -> None:
    """Set the limits of this process, and close its outputs: an abort prints, and may leave a core file."""
    import faulthandler
    import resource

    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    faulthandler.disable()
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: seconds}
    if memory_bytes is not None and _MEMORY_IN_USE.exists():
        in_use = int(_MEMORY_IN_USE.read_text().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = in_use + memory_bytes
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]  # one that this process has already stays
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
