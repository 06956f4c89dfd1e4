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

Where a graph is not compiled because there is no compiler, the exit code is 3: that is an outcome, not an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasnet2hef.base.error_parts import parts_of
from tasnet2hef.base.text import escaped

if TYPE_CHECKING:
    from tasnet2hef.base.error_parts import ErrorParts


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
