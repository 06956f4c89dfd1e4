"""The script that shows the failure again, from a folder that can be sent to others."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Final

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.text import one_line
from tasnet2hef.diagnose.reduce.checker import PLACEHOLDER, REDUCED_NAME, parse_command
from tasnet2hef.diagnose.reduce.options import ReduceOptions

SCRIPT_NAME: Final = "reproduce.sh"
LARGEST_COPY_BYTES: Final = 1 << 20


def write_script(folder: Path, options: ReduceOptions, failure: str) -> Path:
    """Write the script; small files that the command names by a relative path are copied beside it."""
    script = folder / SCRIPT_NAME
    line = " ".join(_shell_word(word, folder) for word in _command(options))
    shown = one_line(failure)
    text = f'#!/bin/sh\n# Shows the failure again: {shown}\nhere=$(cd "$(dirname "$0")" && pwd)\nexec {line}\n'
    with written_beside(script) as part:
        part.write_text(text, encoding="utf-8")
    script.chmod(script.stat().st_mode | 0o111)
    return script


def command_text(options: ReduceOptions) -> str:
    """Return the command that shows the failure of the reduced graph, for reading."""
    return shlex.join(word.replace(PLACEHOLDER, REDUCED_NAME) for word in _command(options))


def _command(options: ReduceOptions) -> tuple[str, ...]:
    """Return the command that shows the failure, with a placeholder for the graph."""
    if options.rule:
        return ("tasnet2hef", "check", PLACEHOLDER, "--hw", options.hardware)
    return parse_command(options.check)


def _shell_word(word: str, folder: Path) -> str:
    """Return a word for the shell; the graph and copied files are beside the script."""
    path = Path(word)
    if not path.is_absolute() and path.is_file() and path.stat().st_size <= LARGEST_COPY_BYTES:
        if not (folder / path.name).exists() or not (folder / path.name).samefile(path):
            shutil.copy(path, folder / path.name)
        return f'"$here"/{shlex.quote(path.name)}'
    graph = f'"$here"/{REDUCED_NAME}'
    return graph.join(shlex.quote(part) if part else "" for part in word.split(PLACEHOLDER)) or "''"
