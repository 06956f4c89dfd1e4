"""The options before the command."""

from __future__ import annotations

from contextvars import ContextVar

import typer

from tasnet2hef.base.version import __version__
from tasnet2hef.cli import show
from tasnet2hef.cli.way import OVERVIEW

_debug: ContextVar[bool] = ContextVar("debug", default=False)


def is_debugging() -> bool:
    """Return whether ``--debug`` was given."""
    return _debug.get()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tasnet2hef {__version__}")
        raise typer.Exit


def root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", callback=_show_version, is_eager=True
    ),
    quiet: bool = typer.Option(
        False, "--quiet", "-q", help="Results and errors only: no notes, no warnings, no progress."
    ),
    verbose: bool = typer.Option(
        False, "--verbose", "-v", help="Results with their evidence, every place and all figures."
    ),
    debug: bool = typer.Option(
        False, "--debug", help="After an error, also versions and the traceback; so does `TASNET2HEF_DEBUG=1`."
    ),
) -> None:
    """From a trained Conv-TasNet to a Hailo accelerator.

    Start with `tasnet2hef go my_model.pth speech/`, which guides all the way, or with `tasnet2hef convert
    my_model.pth -o build/`; each command says what comes next. Without a command the way is printed, with exit
    code 0.

    Exit codes: 0 done, 1 refused by findings, 2 bad use or input, 3 not compiled (no compiler here), 70 a mistake
    of tasnet2hef, 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    """
    show.set_quiet(quiet)
    show.set_verbose(verbose)
    _debug.set(debug)
    if context.invoked_subcommand is None:
        typer.echo(OVERVIEW, nl=False)
