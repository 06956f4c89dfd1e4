"""Graphs with something bad in them, and a command that finds it: a small real program, quick to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import onnx
import pytest

from tasnet2hef.cli.progress import ReduceProgressBar
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.reduce import reduce_file
from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport
from tasnet2hef.target.rules.framework.sketch import GraphSketch

Reduce = Callable[..., ReduceReport]

FINDS_ERF = """
if grep -qa Erf "$1"; then echo "[error] line 12: unsupported op Erf in $1"; exit 3; fi
"""


def chain(length: int, bad: dict[int, str], *, rows: int = 6) -> onnx.ModelProto:
    """Draw a chain of convolutions, activations and adds over a skip, with other operators at some places."""
    draw = GraphSketch()
    skip = value = draw.input(1, 4, rows, 1)
    for place in range(length):
        if place in bad:
            value = _bad(draw, bad[place], value)
        elif place % 3 == 0:
            value = draw.conv(value, 4, 4, (3, 1), pads=[1, 0, 1, 0])
        elif place % 3 == 1:
            value = draw.node("Relu", value)
        else:
            value = draw.node("Add", value, skip)
    return onnx.shape_inference.infer_shapes(draw.model(value), strict_mode=True)


def _bad(draw: GraphSketch, operator: str, value: str) -> str:
    if operator == "Gather":  # valid, but no tensor here has so many rows
        return draw.node(operator, value, draw.integers(99), axis=2)
    return draw.node(operator, value)


def saved(folder: Path, model: onnx.ModelProto, name: str = "net.onnx") -> Path:
    onnx.save(model, folder / name)
    return folder / name


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a shell script and return the command that runs it."""

    def write(text: str) -> str:
        path = tmp_path / "verdict.sh"
        path.write_text(text)
        return f"sh {path} {{}}"

    return write


@pytest.fixture
def reduce(tmp_path: Path) -> Reduce:
    """Return a function that reduces a model into a folder, ``out`` by default."""

    def run(model: onnx.ModelProto | Path, output: str = "out", **options: object) -> ReduceReport:
        source = model if isinstance(model, Path) else saved(tmp_path, model)
        return reduce_file(source, ReduceOptions(output=tmp_path / output, **options), ReduceProgressBar())

    return run


def one_less(places: Sequence[int]) -> list[list[int]]:
    """Return every list that is shorter by one place."""
    return [[other for other in places if other != place] for place in places]
