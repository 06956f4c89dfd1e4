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
    """Gather every command of the ``commands`` folder, in the order of the way."""
    from tasnet2hef.base.discovery import modules_of
    from tasnet2hef.cli import commands
    from tasnet2hef.cli.plain_command import PlainCommand
    from tasnet2hef.cli.root import root
    from tasnet2hef.cli.way import group_of, place_of

    app = _new_app(invoke_without_command=True)
    app.callback()(root)
    found = {module.__name__.rpartition(".")[2].replace("_", "-"): module for module in modules_of(commands)}
    for name in sorted(found, key=place_of):
        app.command(name=name, cls=PlainCommand, rich_help_panel=group_of(name))(found[name].command)
    return app


def make_script(name: str) -> typer.Typer:
    """Make the app of a script that is one command."""
    from importlib import import_module

    from tasnet2hef.cli.plain_command import PlainCommand

    app = _new_app()
    app.command(cls=PlainCommand)(import_module(f"tasnet2hef.cli.commands.{name}").command)
    return app


def _new_app(*, invoke_without_command: bool = False) -> typer.Typer:
    import typer

    from tasnet2hef.cli.plain_command import PlainGroup

    return typer.Typer(
        cls=PlainGroup,
        invoke_without_command=invoke_without_command,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


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
