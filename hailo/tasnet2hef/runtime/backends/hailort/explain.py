"""Turns what the runtime raises into one line with its cause and fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasnet2hef.base.errors import DeviceError, Tasnet2HefError

WORDS_LENGTH = 200
VENDOR_MODULE = "hailo_platform"


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Raise HailoRT's errors as a DeviceError; our own errors pass unchanged.

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
        raise device_error(error, where) from error


def is_vendors(error: BaseException) -> bool:
    """Return whether an error is HailoRT's own, an import that failed or the operating system's."""
    classes = type(error).__mro__
    return isinstance(error, (ImportError, OSError)) or any(
        each.__name__.startswith("HailoRT") or each.__module__.split(".")[0] == VENDOR_MODULE for each in classes
    )


def device_error(error: BaseException, where: str) -> DeviceError:
    """Return one line: where, the runtime's message, the cause with its grade and source, and the fix."""
    from tasnet2hef.target.failures.signature import matching
    from tasnet2hef.target.failures.tables import runtime_signatures

    text = f"{type(error).__name__}: {error}"
    signatures = matching(runtime_signatures(), text)
    if not signatures:
        return DeviceError(
            f"{where}: {text[:WORDS_LENGTH]}; not a known failure: see `hailortcli fw-control "
            "identify` and `dmesg | grep -i hailo`"
        )
    first = signatures[0]
    return DeviceError(f"{where}: {text[:WORDS_LENGTH]}; {first.cause} ({first.basis}); {first.remedy}", first.id)
