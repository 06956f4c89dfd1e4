#!/usr/bin/env python3
"""Repairs a foreign ONNX graph where it can: the ``patch`` command."""

import sys

import typer

from tasnet2hef.cli.commands.patch import command
from tasnet2hef.cli.main import run

if __name__ == "__main__":
    app = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.command()(command)
    sys.exit(run(app))
