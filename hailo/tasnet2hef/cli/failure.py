"""What went wrong, for people as one line on stderr, for machines as JSON, and as an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any, Final, NamedTuple

from tasnet2hef.base.error_parts import ErrorParts
from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.base.text import one_line
from tasnet2hef.cli.exit_codes import BAD_USE, MISTAKE, SIGNAL_BASE

_UNREACHABLE: Final = (
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.ELOOP,
)
"""What the system says of a path that a user gave: looking for a file already raises some of them."""
_TORCH: Final = ("torch", "yaml", "asteroid_filterbanks")


class Failure(NamedTuple):
    """Why a command did not end well."""

    message: str
    parts: ErrorParts
    exit_code: int

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {"error": {**self.parts._asdict(), "message": self.message}, "exit": self.exit_code}


def failure_of(error: BaseException) -> Failure:
    """Return the failure that an error means: a known one, a wrong command line, or a mistake of ours."""
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.split(".")[0] in _TORCH:
        error = OptionError(
            f"{error.name}: not installed in {sys.executable}; this stage runs in hailo/to-onnx-env (make "
            "onnx-env), or install tasnet2hef[torch]"
        )
    if isinstance(error, OSError) and error.errno in _UNREACHABLE and error.filename is not None:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
        error = OptionError(f"{name}: can't be used ({error.strerror}); choose another place, or change it")
    if isinstance(error, Tasnet2HefError):
        return Failure(str(error), error.parts, error.exit_code)
    if is_usage(error):
        return _usage(error)
    found = one_line(f"{type(error).__name__}: {error}")
    do = "please report the lines above"
    return Failure(
        f"this is a mistake of tasnet2hef, not of yours ({found}); {do}",
        ErrorParts("tasnet2hef", found, None, do),
        MISTAKE,
    )


def is_usage(error: BaseException) -> bool:
    """Return whether an error is Click's: a wrong command line."""
    return hasattr(error, "show") and hasattr(error, "format_message")


def _usage(error: Any) -> Failure:
    context = getattr(error, "ctx", None)
    path = "tasnet2hef" if context is None else context.command_path
    found, do = one_line(error.format_message()), f"see {path} --help"
    return Failure(
        f"{path}: {found}; {do}", ErrorParts(path, found, None, do), getattr(error, "exit_code", BAD_USE)
    )


def stopped_by(number: int) -> Failure:
    """Return the failure of a command that a signal stopped; the number 0 stands for Ctrl-C."""
    number = number or signal.SIGINT
    found = f"stopped by {signal.Signals(number).name}"
    return Failure("stopped", ErrorParts("tasnet2hef", found, None, None), SIGNAL_BASE + number)
