"""Turns what the runtime raises into one line with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasnet2hef.base.errors import DeviceError, Tasnet2HefError

WORDS_LENGTH = 200
VENDOR_MODULE = "hailo_platform"


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Raise what goes wrong at the device as a DeviceError; other errors are our own and pass.

    Raises:
        DeviceError: the runtime refused, with its words and, where that is known, the cause and the way out.
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
    """Tell whether an error is the runtime's own, the missing runtime or the operating system's."""
    kinds = type(error).__mro__
    return isinstance(error, (ImportError, OSError)) or any(
        kind.__name__.startswith("HailoRT") or kind.__module__.split(".")[0] == VENDOR_MODULE for kind in kinds
    )


def device_error(error: BaseException, where: str) -> DeviceError:
    """Return one line: where, the runtime's words, the cause with its grade and source, and the way out."""
    from tasnet2hef.base.discovery import modules_of
    from tasnet2hef.target.failures import runtime_signatures as failures
    from tasnet2hef.target.failures.signature import Signature

    text = f"{type(error).__name__}: {error}"
    known: list[Signature] = [module.SIGNATURE for module in modules_of(failures)]
    found = [(place, each) for each in known if (place := each.place(text)) is not None]
    if not found:
        return DeviceError(
            f"{where}: {text[:WORDS_LENGTH]}; not a failure that is known here: see `hailortcli fw-control "
            "identify` and `dmesg | grep -i hailo`"
        )
    _, first = min(found, key=lambda each: (each[0][0], -each[0][1], each[1].id))
    known_from = f"{first.proof.grade}: {first.proof.origin}"
    return DeviceError(f"{where}: {text[:WORDS_LENGTH]}; {first.cause} ({known_from}); {first.way_out}", first.id)
