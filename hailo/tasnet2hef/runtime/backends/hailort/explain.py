"""Turns what the runtime raises into one line with its cause and fix."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasnet2hef.base.errors import DeviceError, Tasnet2HefError

WORDS_LENGTH = 200
DRIVER_CALL = "driver-call"
DEVICE_FOLDER, DEVICE_FILES = Path("/dev"), ("hailo[0-9]*", "h1x-[0-9]*")
"""Up to HailoRT 5.2 and on Hailo-8; since 5.3 on Hailo-10H."""
VENDOR_MODULE = "hailo_platform"
LOG_FOLDER = "HAILORT_LOGGER_PATH"
"""HailoRT's own setting: the folder of its log, or NONE."""


@contextmanager
def explained(where: str, kind: type[DeviceError] = DeviceError) -> Iterator[None]:
    """Raise HailoRT's errors as a DeviceError of a ``kind``; our own errors pass unchanged.

    Raises:
        DeviceError: the runtime failed; the message quotes it and, where known, adds the cause and the fix.
    """
    try:
        yield
    except Tasnet2HefError:
        raise
    except Exception as error:
        if not is_vendors(error):
            raise
        raise device_error(error, where, kind) from error


def is_vendors(error: BaseException) -> bool:
    """Return whether an error is HailoRT's own, an import that failed or the operating system's."""
    classes = type(error).__mro__
    return isinstance(error, (ImportError, OSError)) or any(
        each.__name__.startswith("HailoRT") or each.__module__.split(".")[0] == VENDOR_MODULE for each in classes
    )


def device_error(error: BaseException, where: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
    """Return one line: where, the runtime's message, the cause with its grade and source, and the fix."""
    from tasnet2hef.target.failures.signature import matching
    from tasnet2hef.target.failures.tables import runtime_signatures

    text = f"{type(error).__name__}: {error}{_status_of(error)}"
    signatures = matching(runtime_signatures(), text)
    if not signatures:
        return kind(
            f"{where}: {text[:WORDS_LENGTH]}; not a known failure: see `hailortcli fw-control "
            f"identify` and `dmesg | grep -i hailo`{_log_note()}"
        )
    first = signatures[0]
    if first.id == DRIVER_CALL and _may_not_open():
        first = next(each for each in runtime_signatures() if each.id == "no-permission")
    words = f"{where}: {text[:WORDS_LENGTH]}; {first.cause} ({first.basis}); {first.remedy}{_log_note()}"
    return kind(words, first.id)


def _may_not_open() -> bool:
    """Return whether there is a device's file that this user may not open: HailoRT's words do not say so."""
    files = device_files(DEVICE_FOLDER)
    return bool(files) and not any(os.access(each, os.R_OK | os.W_OK) for each in files)


def device_files(folder: Path) -> tuple[str, ...]:
    """Return the paths of the device files."""
    return tuple(sorted(str(path) for pattern in DEVICE_FILES for path in folder.glob(pattern)))


def _status_of(error: BaseException) -> str:
    """Return the name of a status of which HailoRT gives the bare number, as some of its calls do."""
    binding = sys.modules.get(f"{VENDOR_MODULE}.pyhailort._pyhailort")
    if not str(error).isdecimal() or binding is None:
        return ""
    try:
        return f" ({binding.get_status_message(int(str(error)))})"
    except Exception:  # the number of a newer release
        return ""


def _log_note() -> str:
    """Name HailoRT's own log, which tells failures apart that have the same status."""
    log = log_file()
    return f"; HailoRT's own log: {log}" if log is not None and log.is_file() else ""


def log_file() -> Path | None:
    """Return where HailoRT writes its log; None where the user turned it off."""
    folder = os.environ.get(LOG_FOLDER, "")
    return None if folder.upper() in ("", "NONE") else Path(folder) / "hailort.log"
