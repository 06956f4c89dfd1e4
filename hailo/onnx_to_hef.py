#!/usr/bin/env python3
"""From an ONNX graph to a HEF through the vendor's compiler: the ``compile`` command."""

from tasnet2hef.cli.main import make_script, run_program

if __name__ == "__main__":
    run_program(lambda: make_script("compile"))
