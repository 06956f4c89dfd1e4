"""Gathers the commands and turns expected errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any, Final

import typer
from rich.console import Console

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.base.version import __version__
from tasnet2hef.cli import commands, show
from tasnet2hef.cli.debugging import print_debugging

BAD_USE: Final = 2
MISTAKE: Final = 70
"""Exit code for a failure that is our mistake: the EX_SOFTWARE of sysexits.h."""
STOPPED: Final = 130

_debug: ContextVar[bool] = ContextVar("debug", default=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tasnet2hef {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", callback=_show_version, is_eager=True
    ),
    quiet: bool = typer.Option(
        False, "--quiet", "-q", help="Results and errors only: no notes, no warnings, no progress."
    ),
    debug: bool = typer.Option(
        False, "--debug", help="After an error, also versions and the traceback; so does `TASNET2HEF_DEBUG=1`."
    ),
) -> None:
    """From a trained Conv-TasNet to a Hailo accelerator.

    Start with `tasnet2hef convert model.pth --seconds 2 -o build/`. Exit codes: 0 done, 1 refused by findings, 2
    bad use or input.
    """
    show.set_quiet(quiet)
    _debug.set(debug)


def make_app() -> typer.Typer:
    """Gather every command of the ``commands`` folder."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.callback()(_root)
    for module in modules_of(commands):
        app.command(name=module.__name__.rpartition(".")[2].replace("_", "-"))(module.command)
    return app


def run(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run ``app`` and return its exit code: 0 done, 1 refused by findings, 2 bad use or input.

    Besides, 70 is a mistake of ours (with a traceback), and 130 a run stopped by Ctrl-C.
    """
    # Torch's threads spin while they wait; on a busy machine that turns an export of 4 s into 13 (two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return copy_context().run(_guarded, app, arguments)  # so that --quiet and --debug end with this run


def _guarded(app: typer.Typer, arguments: list[str] | None) -> int:
    try:
        result = app(args=arguments, standalone_mode=False)
    except Tasnet2HefError as error:
        return _explain(error)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in ("torch", "yaml", "asteroid_filterbanks"):
            return _explain(
                OptionError(
                    f"{error.name}: not installed in {sys.executable}; this stage runs in "
                    "hailo/to-onnx-env (make onnx-env), or install tasnet2hef[torch]"
                )
            )
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):  # older releases of Typer turn the one into the other
        result = STOPPED
    except Exception as error:
        return _usage(error)
    if result == STOPPED:
        Console(stderr=True).print("stopped", style="red")
    return result if isinstance(result, int) else 0  # Click returns the code of a typer.Exit


def _explain(error: Tasnet2HefError) -> int:
    if _debug.get() or os.environ.get("TASNET2HEF_DEBUG", "0") not in ("", "0"):
        print_debugging(error)
    Console(stderr=True, soft_wrap=True, emoji=False).print(
        f"error: {error}", style="red", markup=False, highlight=False
    )
    return error.exit_code


def _usage(error: Exception) -> int:
    """Report a wrong command line as Click words it; anything else is our mistake and shows its traceback."""
    show_error: Callable[[], Any] | None = getattr(error, "show", None)
    if show_error is None:
        print_debugging(error)
        Console(stderr=True, soft_wrap=True, emoji=False).print(
            "error: this is a mistake of tasnet2hef, not of yours; please report the lines above", style="red"
        )
        return MISTAKE
    show_error()
    return int(getattr(error, "exit_code", BAD_USE))


def main() -> None:
    """Run the ``tasnet2hef`` command."""
    sys.exit(run(make_app()))
