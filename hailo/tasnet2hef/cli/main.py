"""Gathers the commands and turns expected errors into one line and an exit code.

What is imported here is small, so that a process answers signals from its first moments; commands come later.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NoReturn

from tasnet2hef.base.errors import Tasnet2HefError
from tasnet2hef.base.text import escaped
from tasnet2hef.cli.failure import MISTAKE, STOPPED, Failure, failure_of, is_usage, stopped_by
from tasnet2hef.cli.signals import StopSignals

if TYPE_CHECKING:
    import typer


def make_app() -> typer.Typer:
    """Gather every command of the ``commands`` folder."""
    import typer

    from tasnet2hef.base.discovery import modules_of
    from tasnet2hef.cli import commands
    from tasnet2hef.cli.root import root

    app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.callback()(root)
    for module in modules_of(commands):
        app.command(name=module.__name__.rpartition(".")[2].replace("_", "-"))(module.command)
    return app


def make_script(name: str) -> typer.Typer:
    """Make the app of a script that is one command."""
    from importlib import import_module

    import typer

    app = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.command()(import_module(f"tasnet2hef.cli.commands.{name}").command)
    return app


def run(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run ``app`` and return its exit code: 0 done, 1 refused by findings, 2 bad use or input.

    Besides, 70 is a mistake of ours (with a traceback), and 130 a run stopped by Ctrl-C.
    """
    return _run(lambda: app, arguments, StopSignals())


def _run(make: Callable[[], typer.Typer], arguments: list[str] | None, signals: StopSignals) -> int:
    # Torch's threads spin while they wait; on a busy machine that turns an export of 4 s into 13 (two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return copy_context().run(_guarded, make, arguments, signals)  # so that --quiet and --debug end with this run


def _guarded(make: Callable[[], typer.Typer], arguments: list[str] | None, signals: StopSignals) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    result = _result(make, words, signals)
    failure = result if isinstance(result, Failure) else None
    from tasnet2hef.cli import show

    show.finish_json(failure.to_json() if failure and "--json" in words else None)
    return failure.exit_code if failure else result


def _result(make: Callable[[], typer.Typer], words: list[str], signals: StopSignals) -> Failure | int:
    """Run a command; return how it failed, which stderr tells already, or the code that it ended with."""
    try:
        result = make()(args=words, standalone_mode=False)
        if result != STOPPED:  # what Typer makes of KeyboardInterrupt
            return result if isinstance(result, int) else 0  # that of a typer.Exit
    except KeyboardInterrupt:
        pass
    except Exception as error:
        if not (signals.received or _is_abort(error)):
            return _told(error)
    failure = stopped_by(signals.received)
    _say(failure.message)
    return failure


def _is_abort(error: Exception) -> bool:
    """Return whether an error is what older releases of Typer make of KeyboardInterrupt."""
    import typer

    return isinstance(error, typer.Abort)


def _told(error: Exception) -> Failure:
    """Report an error on stderr: one line; a wrong command line as Click words it; a mistake of ours in full."""
    from tasnet2hef.cli.debugging import print_debugging, wants_debugging

    failure = failure_of(error)
    if failure.exit_code == MISTAKE or (isinstance(error, Tasnet2HefError) and wants_debugging()):
        print_debugging(error)
    if is_usage(error):
        _show_usage(error)
    else:
        _say(f"error: {failure.message}")
    return failure


def _show_usage(error: Any) -> None:
    error.message = escaped(error.message)
    error.show()


def _say(text: str) -> None:
    from tasnet2hef.cli import show

    show.error(text)


def run_program(make: Callable[[], typer.Typer]) -> NoReturn:
    """Run an app as a process of its own, with signals and standard streams that may fail; end the process."""
    signals = StopSignals()
    try:
        signals.install()
        code = _run_on_streams(make, signals)
    except KeyboardInterrupt:  # before the command, or while its result was printed
        code = stopped_by(signals.received).exit_code
    signals.end()
    sys.exit(code)


def _run_on_streams(make: Callable[[], typer.Typer], signals: StopSignals) -> int:
    from tasnet2hef.cli.streams import Streams

    streams = Streams()
    code = _run(make, None, signals)
    try:
        streams.finish()
    except Tasnet2HefError as error:
        _say(f"error: {error}")
        return code or error.exit_code
    return code


def main() -> None:
    """Run the ``tasnet2hef`` command."""
    run_program(make_app)
