"""Every command with its arguments and options, generated from the command line itself."""

from __future__ import annotations

import inspect
from typing import Any, Final

import typer.main

from scripts.pages.markdown import fenced, table
from tasnet2hef.cli.main import make_app

PATH: Final = "reference/commands.md"

_HEAD: Final = """# Commands

`tasnet2hef [--quiet] [--verbose] [--debug] COMMAND ...`. Results go to stdout; notes, progress and errors to
stderr. `--json` prints one JSON object on stdout: [its keys](json.md). `--verbose` (`-v`, also behind the
command) adds evidence, every place and all figures. `tasnet2hef` alone prints the way to the device, with exit
code 0.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | done, but the result is refused: `check` found an error, an export is not equal, a compile failed |
| 2 | bad use or bad input: one line on stderr says where, what was found, what was expected, what to do |
| 3 | NOT COMPILED: all was prepared, but there is no compiler here; the last lines say what finishes the job |
| 70 | a bug in tasnet2hef, with a traceback: please report it |
| 130, 143, 129 | stopped by Ctrl-C, SIGTERM, SIGHUP (128 plus the signal's number); nothing half-written is left |

`live` ends by a signal as it does by `q`: with 0, its summary and its whole recording. Under `nohup` all go on.
A reader that goes away (`| head`) is no failure: the work is done and its exit code stands. If stdout can't be
written (a full disk), the work is done, one line says so, and 0 becomes 1. Control characters in names and texts
from files are shown as escapes (`\\x1b`, `\\u202e`); `--json` escapes them as JSON does.
"""


def text() -> str:
    """Return the page."""
    root: Any = typer.main.get_command(make_app())
    parts = [_HEAD, "## Before the command\n", _options(root)]
    for name, command in sorted(root.commands.items()):
        parts += [f"## {name}\n", fenced(_usage(name, command)), _prose(command.help), _options(command)]
    return "\n\n".join(parts) + "\n"


def _usage(name: str, command: Any) -> str:
    arguments = [parameter for parameter in command.params if not parameter.opts[0].startswith("-")]
    words = [argument.name.upper() for argument in arguments]
    shown = [word if argument.required else f"[{word}]" for word, argument in zip(words, arguments, strict=True)]
    return " ".join(["tasnet2hef", name, *shown, "[OPTIONS]"])


def _prose(help_text: str | None) -> str:
    return "\n".join(line.strip() for line in (help_text or "").splitlines())


def _options(command: Any) -> str:
    kinds = {
        name: str(parameter.annotation)
        for name, parameter in inspect.signature(command.callback).parameters.items()
    }
    rows = [_option(parameter, kinds.get(parameter.name, "bool")) for parameter in command.params]
    return table(("argument or option", "meaning", "default"), rows)


def _option(parameter: Any, kind: str) -> tuple[str, str, str]:
    names = parameter.opts + parameter.secondary_opts
    if not names[0].startswith("-"):
        names = [parameter.name.upper()]
    elif kind != "bool":
        names = [f"{name} {parameter.metavar or _value(kind)}" for name in names]
    shown = ", ".join(f"`{name}`" for name in names)
    return shown, " ".join((parameter.help or "").split()), _default(parameter)


def _value(kind: str) -> str:
    """Return the word for a value of a Python type, as it is annotated.

    >>> _value("Path | None"), _value("int"), _value("list[str]")
    ('PATH', 'NUMBER', 'TEXT')
    """
    words = {"Path": "PATH", "int": "NUMBER", "float": "NUMBER"}
    return next((word for name, word in words.items() if name in kind), "TEXT")


def _default(parameter: Any) -> str:
    shown, default = parameter.show_default, parameter.default
    if parameter.required:
        return "required"
    if isinstance(shown, str):
        return shown
    if default is None or default == "" or default == [] or callable(default):
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`"
