#!/usr/bin/env python3
"""From a Conv-TasNet checkpoint to a Hailo-native ONNX graph, and on to a HEF: the ``convert`` command."""

from tasnet2hef.cli.main import make_script, run_program

if __name__ == "__main__":
    run_program(lambda: make_script("convert"))
