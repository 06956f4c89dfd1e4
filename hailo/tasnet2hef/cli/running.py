"""Runs an app, and turns expected errors into one line, a JSON object where it is asked for, and an exit code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import typer

from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.base.text import escaped
from tasnet2hef.cli import show
from tasnet2hef.cli.debugging import print_debugging, wants_debugging
from tasnet2hef.cli.exit_codes import MISTAKE, STOPPED
from tasnet2hef.cli.failure import Failure, failure_of, is_usage, stopped_by
from tasnet2hef.cli.signals import StopSignals
from tasnet2hef.cli.streams import Streams


def run_guarded(make: Callable[[], typer.Typer], arguments: list[str] | None, signals: StopSignals) -> int:
    """Make an app and run it; return its exit code. What it sets for its run (``--quiet``) ends with it."""
    # Torch's threads spin while they wait; on a busy machine that turns an export of 4 s into 13 (two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return copy_context().run(_guarded, make, arguments, signals)


def _guarded(make: Callable[[], typer.Typer], arguments: list[str] | None, signals: StopSignals) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    result = _result(make, words, signals)
    failure = result if isinstance(result, Failure) else None
    show.finish_json(failure.to_json() if failure and "--json" in words else None)
    return result.exit_code if isinstance(result, Failure) else result


def _result(make: Callable[[], typer.Typer], words: list[str], signals: StopSignals) -> Failure | int:
    """Run a command; return how it failed, which stderr tells already, or the code that it ended with."""
    try:
        _refuse_urls(words)
        result = make()(args=words, standalone_mode=False)
        if result != STOPPED:  # what Typer makes of KeyboardInterrupt
            return result if isinstance(result, int) else 0  # that of a typer.Exit
    except KeyboardInterrupt:
        pass
    except Exception as error:
        # older releases of Typer make an Abort of KeyboardInterrupt, imports that it ends make other errors
        if not (signals.received or isinstance(error, typer.Abort)):
            return _told(error)
    failure = stopped_by(signals.received)
    show.error(failure.message)
    return failure


def _refuse_urls(words: list[str]) -> None:
    """Refuse an address where a file is expected: as a path it would lose a slash.

    Raises:
        OptionError: there is one.
    """
    for word in words:
        if word.startswith(("https://", "http://")):
            raise OptionError(
                f"{word}: is a URL, expected a file; download it first: curl -LO {shlex.quote(word)}"
            )


def _told(error: Exception) -> Failure:
    """Report an error on stderr: one line; a wrong command line as Click words it; a mistake of ours in full."""
    failure = failure_of(error)
    if failure.exit_code == MISTAKE or (isinstance(error, Tasnet2HefError) and wants_debugging()):
        print_debugging(error)
    if is_usage(error):
        _show_usage(error)
    else:
        show.error(f"error: {failure.message}")
    return failure


def _show_usage(error: Any) -> None:
    error.message = escaped(error.message)
    error.show()


def finished(streams: Streams, code: int) -> int:
    """Write what is left to the standard streams; return the exit code, another one if stdout failed."""
    try:
        streams.finish()
    except Tasnet2HefError as error:
        show.error(f"error: {error}")
        return code or error.exit_code
    return code
