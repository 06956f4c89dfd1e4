"""The errors of the package, with their exit codes."""

from __future__ import annotations

import inspect
from typing import Final

from scripts.pages.markdown import fenced, table
from tasnet2hef.base import errors

PATH: Final = "reference/errors.md"

_HEAD: Final = """# Errors

Each is one line: *where: found, expected; what to do*. `tasnet2hef --debug COMMAND ...` (or `TASNET2HEF_DEBUG=1`)
adds the versions and the traceback. From Python they are raised; `except Tasnet2HefError` takes them all.
"""


def text() -> str:
    """Return the page."""
    tree = (errors.__doc__ or "").partition("::")[2]
    classes = [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.Tasnet2HefError)
    ]
    rows = [(f"`{found.__name__}`", str(found.exit_code), inspect.getdoc(found) or "") for found in classes]
    return f"{_HEAD}\n{fenced(inspect.cleandoc(tree))}\n\n{table(('class', 'exit code', 'meaning'), rows)}\n"
