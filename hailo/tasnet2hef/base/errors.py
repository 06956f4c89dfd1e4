"""The errors a user can meet, each one line: where, what was found, what was expected, what to do.

::

    Tasnet2HefError
    ├── InputError            bad use or bad input: exit code 2
    │   ├── OptionError       an option, or a combination of options, that can't be used
    │   ├── CheckpointError   a checkpoint that can't be read as a Conv-TasNet
    │   ├── GraphError        an ONNX file that can't be read
    │   ├── AudioError        an audio file that can't be used
    │   └── DeviceError       a device, its runtime or its program (HEF) that can't be used
    │       └── DeviceRunError    a device that failed while it worked: exit code 1
    └── RefusedError          the work was done but its result is not good enough: exit code 1
        └── ParityError       an exported or patched graph whose output differs from the original's
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tasnet2hef.base.text import escaped


class ErrorParts(NamedTuple):
    """The parts of an error's message; None is one that the message does not have."""

    where: str | None
    found: str | None
    expected: str | None
    do: str | None


class Tasnet2HefError(Exception):
    """Base of all errors that are reported as one line, without a traceback."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(escaped(message).split()))

    @property
    def parts(self) -> ErrorParts:
        """Return the parts of the message."""
        return parts_of(str(self))


class InputError(Tasnet2HefError):
    """Bad use or bad input."""


class OptionError(InputError):
    """An option, or a combination of options, that can't be used."""


class CheckpointError(InputError):
    """A checkpoint that can't be read as a Conv-TasNet."""


class GraphError(InputError):
    """An ONNX file that can't be read."""


class AudioError(InputError):
    """An audio file that can't be used."""


class DeviceError(InputError):
    """A device, its runtime or its HEF that can't be used; ``signature`` is the id of a known failure."""

    def __init__(self, message: str, signature: str = "") -> None:
        super().__init__(message)
        self.signature = signature


class DeviceRunError(DeviceError):
    """A device that failed while it worked; what it gave before is kept."""

    exit_code = 1


class RefusedError(Tasnet2HefError):
    """The work was done but its result is not good enough."""

    exit_code = 1


class ParityError(RefusedError):
    """An exported or patched graph whose output differs from the original's."""


_CLAUSES = re.compile(r"; (?![^()]*\))")
"""Between the clauses of a message; not inside parentheses, which hold what others said."""


def parts_of(message: str) -> ErrorParts:
    """Return the parts of a message of the form ``where: found X, expected Y; what to do``.

    >>> parts_of("--speed: found -1, expected 0 or more; leave it out")
    ErrorParts(where='--speed', found='-1', expected='0 or more', do='leave it out')
    >>> parts_of("a.onnx: is empty; expected an ONNX model")
    ErrorParts(where='a.onnx', found='is empty', expected='an ONNX model', do=None)
    """
    where, _, rest = message.partition(": found " if ": found " in message else ": ")
    if not rest:
        where, rest = "", message
    said, *others = _CLAUSES.split(rest)
    found, _, expected = f", {said}".removeprefix(", found ").partition(", expected ")
    found = found.removeprefix(", ")
    wanted = [each.removeprefix("expected ") for each in others if each.startswith("expected ")]
    to_do = [each for each in others if not each.startswith("expected ")]
    return ErrorParts(
        where or None,
        found or None,
        "; ".join(filter(None, (expected, *wanted))) or None,
        "; ".join(to_do) or None,
    )
