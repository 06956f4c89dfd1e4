"""A thread whose error is raised where it is awaited.

``concurrent.futures`` does not fit: its threads are not daemons, so a device call that hangs would keep the
process from ending, and ``Future.result`` returns before the thread has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Task:
    """Runs ``work`` in a thread of its own from the beginning."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the work has not ended yet."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Wait for the end of the work, and raise what it raised, once."""
        self._thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # wait() raises it
            self._error = error
