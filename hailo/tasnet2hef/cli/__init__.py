"""The command line: one file per command, found by its name; each has a function ``command``."""

from tasnet2hef.cli.main import main

__all__ = ["main"]
