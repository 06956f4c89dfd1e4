"""SIGINT (Ctrl-C), SIGTERM and SIGHUP end a command in one way: what it began is cleaned up, then it ends.

Only a process of the command line installs this; importing it, or using the package as a library, changes nothing.
"""

from __future__ import annotations

import signal
import sys
import time

TYPE_CHECKING = False  # typing itself takes longer than all that is here
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

CLEAN_UP_SECONDS = 1.0
"""In this time after a signal another one changes nothing: `timeout` and terminals send several at once."""
_AGAIN_SECONDS = 0.05
_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """What a signal raises; of a plain KeyboardInterrupt inside of ``exec`` Python itself would end, by SIGINT."""


class StopSignals:
    """Turns the signals into ``Stopped``; one that was ignored at the start (``nohup``) stays ignored."""

    def __init__(self) -> None:
        self.received = 0
        """Number of the latest signal; 0 before any."""
        self._handled = [each for each in _STOPPING if signal.getsignal(each) is not signal.SIG_IGN]
        self._received_at = -CLEAN_UP_SECONDS

    def install(self) -> None:
        """Begin; from the main thread."""
        sys.unraisablehook = self._swallowed
        for each in self._handled:
            signal.signal(each, self._stop)

    def end(self) -> None:
        """Ignore further signals: all work is done, and the exit code is known."""
        for each in self._handled:
            signal.signal(each, signal.SIG_IGN)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        now = time.monotonic()
        if now - self._received_at < CLEAN_UP_SECONDS:
            return
        self._received_at = now
        raise Stopped

    def _swallowed(self, unraisable: Any) -> None:
        """Stop again soon, where the interpreter was in a callback whose exceptions it only prints."""
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)
            return
        import threading  # needed by nobody else so early

        self._received_at = -CLEAN_UP_SECONDS
        again = threading.Timer(_AGAIN_SECONDS, signal.raise_signal, [self.received])
        again.daemon = True
        again.start()
