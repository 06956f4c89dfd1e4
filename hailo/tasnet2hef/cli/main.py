"""Gathers the commands and runs them, in a process of their own or in this one.

What is imported here is small, so that a process answers signals from its first moments; commands come later.
"""

from __future__ import annotations

import os
import sys

from tasnet2hef.cli.exit_codes import MISTAKE, SIGNAL_BASE
from tasnet2hef.cli.signals import StopSignals

TYPE_CHECKING = False  # typing itself takes longer than all that is here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    import typer

__all__ = ["MISTAKE", "main", "make_app", "make_script", "run", "run_program"]


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
    """Run ``app`` and return its exit code: 0 done, 1 refused by findings, 2 bad use or input, 3 not compiled.

    Besides, 70 is a mistake of ours (with a traceback), and 130 a run stopped by Ctrl-C.
    """
    from tasnet2hef.cli.running import run_guarded

    return run_guarded(lambda: app, arguments, StopSignals())


def run_program(make: Callable[[], typer.Typer]) -> NoReturn:
    """Run an app as a process of its own, with signals and standard streams that may fail; end the process."""
    signals = StopSignals()
    try:
        signals.install()
        code = _run_on_streams(make, signals)
    except KeyboardInterrupt:  # before the command, or while its result was printed
        os.write(2, b"stopped\n")
        code = SIGNAL_BASE + signals.received
    signals.end()
    sys.exit(code)


def _run_on_streams(make: Callable[[], typer.Typer], signals: StopSignals) -> int:
    from tasnet2hef.cli.running import finished, run_guarded
    from tasnet2hef.cli.streams import Streams

    streams = Streams()
    return finished(streams, run_guarded(make, None, signals))


def main() -> NoReturn:
    """Run the ``tasnet2hef`` command."""
    run_program(make_app)
