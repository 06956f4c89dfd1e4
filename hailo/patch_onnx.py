#!/usr/bin/env python3
"""Repairs a foreign ONNX graph where it can: the ``patch`` command."""

from tasnet2hef.cli.main import make_script, run_program

if __name__ == "__main__":
    run_program(lambda: make_script("patch"))
