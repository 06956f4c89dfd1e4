#!/usr/bin/env python3
"""From a Conv-TasNet checkpoint to a Hailo-native ONNX graph, and on to a HEF: the ``convert`` command."""

import sys

import typer

from tasnet2hef.cli.commands.convert import command
from tasnet2hef.cli.main import run

if __name__ == "__main__":
    app = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.command()(command)
    sys.exit(run(app))
