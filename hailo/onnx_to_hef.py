#!/usr/bin/env python3
"""From an ONNX graph to a HEF through the vendor's compiler: the ``compile`` command."""

import sys

import typer

from tasnet2hef.cli.commands.compile import command
from tasnet2hef.cli.main import run

if __name__ == "__main__":
    app = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.command()(command)
    sys.exit(run(app))
