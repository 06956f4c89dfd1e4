"""A script that shows the failure again, from a folder that can be sent away."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Final

from tasnet2hef.base.files import written_beside
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.oracle import PLACE, REDUCED_NAME, command_of

SCRIPT_NAME: Final = "reproduce.sh"
LARGEST_COPY_BYTES: Final = 1 << 20


def write_reproduction(folder: Path, options: ReduceOptions, target: str) -> Path:
    """Write the script; small files that the command names by a relative path are copied beside it."""
    script = folder / SCRIPT_NAME
    line = " ".join(_told(word, folder) for word in words_of(options))
    text = f'#!/bin/sh\n# Shows the failure again: {target}\nhere=$(cd "$(dirname "$0")" && pwd)\nexec {line}\n'
    with written_beside(script) as part:
        part.write_text(text, encoding="utf-8")
    script.chmod(script.stat().st_mode | 0o111)
    return script


def words_of(options: ReduceOptions) -> tuple[str, ...]:
    """Return the command that shows the failure, with a place for the graph."""
    if options.rule:
        return ("tasnet2hef", "check", PLACE, "--hw", options.hardware)
    return command_of(options.check)


def shown_command(options: ReduceOptions) -> str:
    """Return the command for reading, on the reduced graph."""
    return shlex.join(word.replace(PLACE, REDUCED_NAME) for word in words_of(options))


def _told(word: str, folder: Path) -> str:
    """Return a word for the shell, in which the graph and copied files lie beside the script."""
    path = Path(word)
    if not path.is_absolute() and path.is_file() and path.stat().st_size <= LARGEST_COPY_BYTES:
        if not (folder / path.name).exists() or not (folder / path.name).samefile(path):
            shutil.copy(path, folder / path.name)
        return f'"$here"/{shlex.quote(path.name)}'
    graph = f'"$here"/{REDUCED_NAME}'
    return graph.join(shlex.quote(part) if part else "" for part in word.split(PLACE)) or "''"
