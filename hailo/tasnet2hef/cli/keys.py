"""Reads keys without blocking and without Enter."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def pressed_keys() -> Iterator[Callable[[], str]]:
    """Yield a function that returns the keys since its last call; none where stdin is no terminal.

    The terminal's settings are restored at the end. Without ``termios`` (Windows) there are never any keys.
    """
    try:
        import select
        import termios
        import tty
    except ImportError:
        yield lambda: ""
        return
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def read() -> str:
        keys = ""
        while select.select([terminal], [], [], 0)[0]:
            read_now = os.read(terminal, 64)
            if not read_now:  # the terminal was closed
                break
            keys += read_now.decode(errors="ignore")
        return keys

    try:
        tty.setcbreak(terminal)
        yield read
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
