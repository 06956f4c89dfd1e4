"""Ctrl-C while processes are started or ended: it is heard, but waits until that is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Raise a ``KeyboardInterrupt`` that comes meanwhile at the end.

    A terminal sends Ctrl-C to all processes. Those that are started in here, and by threads that are, never get
    it: who started them ends them.
    """
    resource_tracker.ensure_running()  # else the first process starts it, and lets Ctrl-C through again
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    came: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if is_main else None
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if is_main:
            signal.signal(signal.SIGINT, before or signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
