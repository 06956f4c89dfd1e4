"""Standard streams that can be closed, full, cut off by their reader or ASCII: the work goes on all the same."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

from tasnet2hef.base.errors import RefusedError


class _Sink(io.FileIO):
    """A standard stream; after its first failure the rest is lost in silence."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.failure: OSError | None = None

    def write(self, content: Any, /) -> int:
        """Write, and keep the first failure."""
        if self.failure is None:
            try:
                return super().write(content)
            except OSError as error:
                self.failure = error
        return memoryview(content).nbytes


class Streams:
    """The standard streams of a process of the command line.

    A closed one leads nowhere. Text that the encoding lacks is escaped.
    """

    def __init__(self) -> None:
        for _ in range(3):
            _open_first_closed()
        self._stdout, self._stderr = _Sink(1), _Sink(2)
        sys.stdout, sys.stderr = _text(self._stdout, sys.stdout), _text(self._stderr, sys.stderr)
        if sys.stdin is None:
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process

    def finish(self) -> None:
        """Write what is left.

        A reader that has gone (``| head``) had what it wanted.

        Raises:
            RefusedError: stdout could not be written.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        failure = self._stdout.failure
        if failure is not None and failure.errno != errno.EPIPE:
            raise RefusedError(
                f"stdout: can't be written ({failure.strerror}); send the output to another place (files are not "
                "affected)"
            )


def _open_first_closed() -> None:
    """Open the lowest free descriptor if it is a standard stream's: the next file must not become stdout."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    if descriptor > 2:
        os.close(descriptor)


def _text(sink: _Sink, before: TextIO | None) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(sink),
        encoding="utf-8" if before is None else before.encoding,
        errors="backslashreplace",
        line_buffering=before is None or bool(getattr(before, "line_buffering", False)),
    )
