"""A stand-in for tests: what the tests ask of it, the vendor's errors, and the noise that comes with them.

``fail`` maps a call to the class and words that it raises; ``job`` in it fails the job itself, which the real
library tells to the callback alone. Classes and sentences: ``pyhailort.py`` of 4.17 to 5.2.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

SETTINGS: dict[str, Any] = json.loads(os.environ.get("STAND_IN_HAILORT", "{}"))
VERSION = tuple(int(part) for part in SETTINGS.get("version", "4.23.0").split(".")[:2])


class HailoRTException(Exception):
    """As the vendor's, as are those below."""


class HailoRTTimeout(HailoRTException):
    pass


class HailoRTStreamAborted(HailoRTException):
    pass


class HailoRTInvalidHEFException(HailoRTException):
    pass


class HailoRTInvalidOperationException(HailoRTException):
    pass


class HailoRTNotFoundException(HailoRTException):
    pass


class HailoRTPCIeDriverException(HailoRTException):
    pass


class HailoRTDriverOperationFailedException(HailoRTException):
    pass


class HailoRTHEFNotCompatibleWithDevice(HailoRTException):
    pass


class HailoRTStatusException(Exception):
    """Raised by the binding itself, with a bare number; no subclass of HailoRTException."""

    __module__ = "hailo_platform.pyhailort._pyhailort"


WORDS = {
    HailoRTTimeout: "Received a timeout - hailort has failed because a timeout had occurred",
    HailoRTStreamAborted: "Stream was aborted",
    HailoRTInvalidOperationException: "Invalid operation. See hailort.log for more information",
    HailoRTInvalidHEFException: "Invalid HEF. See hailort.log for more information",
    HailoRTHEFNotCompatibleWithDevice: "HEF file is not compatible with device. See hailort.log for more "
    "information",
    **dict.fromkeys(
        (HailoRTDriverOperationFailedException, HailoRTPCIeDriverException),
        "Failure in hailort driver ioctl. run 'dmesg | grep hailo' for more information",
    ),
}
_CLASSES = {
    each.__name__: each for each in (HailoRTException, HailoRTStatusException, HailoRTNotFoundException, *WORDS)
}
_RENAMED_IN_4_20 = {64: ("HAILO_PCIE_DRIVER_NOT_INSTALLED", "HAILO_DRIVER_NOT_INSTALLED")}
STATUS = {
    8: "HAILO_INTERNAL_FAILURE",
    13: "HAILO_OPEN_FILE_FAILURE",
    14: "HAILO_FILE_OPERATION_FAILURE",
    16: "HAILO_UNSUPPORTED_FW_VERSION",
    36: "HAILO_DRIVER_OPERATION_FAILED",
    64: _RENAMED_IN_4_20[64][VERSION >= (4, 20)],
    74: "HAILO_OUT_OF_PHYSICAL_DEVICES",
    76: "HAILO_INVALID_DRIVER_VERSION",
    79: "HAILO_NOT_SUPPORTED",
    86: "HAILO_DRIVER_INVALID_IOCTL",
    87: "HAILO_DRIVER_TIMEOUT",
    91: "HAILO_HEF_FILE_CORRUPTED",
    92: "HAILO_HEF_NOT_SUPPORTED",
}


def status(number: int) -> HailoRTException:
    """Return what the library raises for a status that has no class of its own."""
    return failure(HailoRTException, f"libhailort failed with error: {number} ({STATUS[number]})")


def failure(kind: type[Exception], words: str = "") -> Any:
    """Return an error as the library does, with lines in its log, and on stderr unless that was turned off."""
    log(f"[HailoRT] [error] CHECK_SUCCESS failed with status: {kind.__name__}")
    return kind(words or WORDS.get(kind, ""))  # type: ignore[call-overload]


def log(line: str) -> None:
    """Write a line where the library would: ``hailort.log`` in a folder of the user's, or in the current one."""
    if "[error]" in line and os.environ.get("HAILORT_CONSOLE_LOGGER_LEVEL") != "critical":
        print(line, file=sys.stderr)
    folder = os.environ.get("HAILORT_LOGGER_PATH", ".")
    if folder != "NONE":
        with (Path(folder) / "hailort.log").open("a") as file:
            file.write(f"{line}\n")


def asked_for(call: str) -> Any:
    """Return the error that was asked for at a call; None if there is none."""
    asked = SETTINGS.get("fail", {}).get(call)
    if not asked:
        return None
    kind, words = asked
    return (
        status(words)
        if isinstance(words, int) and kind == "HailoRTException"
        else failure(_CLASSES.get(kind, HailoRTException), words)
    )


def strike(call: str) -> None:
    """Raise what was asked for at a call."""
    error = asked_for(call)
    if error is not None:
        raise error


log("[HailoRT] [info] logger started")
