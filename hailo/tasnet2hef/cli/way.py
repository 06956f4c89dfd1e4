"""The way from a checkpoint to the device, and where on it each command stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "Start": ("go", "explore", "demo"),
    "1 Prepare the net": ("freeze", "distil"),
    "2 Convert it into a graph": ("convert", "patch"),
    "3 Look at the graph": ("check", "report", "inspect", "layers", "rules", "diff", "reduce"),
    "4 Compile it for the chip": ("calibrate", "simulate", "compile", "explain", "probe"),
    "5 Run it": ("separate", "live", "selftest", "doctor"),
}
"""The commands by group, both in the order in which they are needed."""
OTHERS: Final = "More"

OVERVIEW: Final = """\
From a trained Conv-TasNet to a Hailo accelerator, all the way:

  tasnet2hef go my_model.pth speech/ --hw hailo8

or in five steps:

  1 prepare  tasnet2hef freeze my_model.pth speech/ -o frozen.pth    (gLN, cLN)
  2 convert  tasnet2hef convert frozen.pth -o build/
  3 look     tasnet2hef check build/frozen.onnx
  4 compile  tasnet2hef calibrate ..., then simulate ..., then compile ...
  5 run      tasnet2hef separate build/frozen.hef mixture.wav -o separated/

Each command ends with the next one. Without a model: tasnet2hef demo
All commands: tasnet2hef --help
"""


def group_of(command: str) -> str:
    """Return the group of a command.

    >>> group_of("compile"), group_of("other")
    ('4 Compile it for the chip', 'More')
    """
    return next((group for group, commands in GROUPS.items() if command in commands), OTHERS)


def place_of(command: str) -> tuple[int, int]:
    """Return where a command stands: its group's place, and its place there."""
    group = group_of(command)
    if group == OTHERS:
        return len(GROUPS), 0
    return list(GROUPS).index(group), GROUPS[group].index(command)
