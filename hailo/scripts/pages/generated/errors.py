"""The errors of the package, with their exit codes."""

from __future__ import annotations

import inspect
from typing import Final

from scripts.pages.markdown import fenced, table
from tasnet2hef.base import errors

PATH: Final = "reference/errors.md"

_HEAD: Final = """# Errors

Each is one line: *where: found, expected; what to do*. `tasnet2hef --debug COMMAND ...` (or `TASNET2HEF_DEBUG=1`)
adds the versions and the traceback. In Python they are exceptions; `except Tasnet2HefError` catches them all.
"""


def text() -> str:
    """Return the page."""
    tree = (errors.__doc__ or "").partition("::")[2]
    classes = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.Tasnet2HefError)
    ]
    rows = [(f"`{each.__name__}`", str(each.exit_code), inspect.getdoc(each) or "") for each in classes]
    return f"{_HEAD}\n{fenced(inspect.cleandoc(tree))}\n\n{table(('class', 'exit code', 'meaning'), rows)}\n"
