"""Defaults that the command line repeats, as their classes are slow to import, are those of the classes."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tasnet2hef.cli.commands import calibrate, compile, convert, go, reduce, simulate
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.ranges import DEFAULT_PERCENTILE
from tasnet2hef.quantize.simulator import Preparation

Names = dict[str, str]
Command = Callable[..., None]


def default(command: Command, parameter: str) -> Any:
    value = inspect.signature(command).parameters[parameter].default
    return getattr(value, "default", value)


def shown(command: Command, parameter: str) -> str:
    return str(inspect.signature(command).parameters[parameter].default.show_default)


def fields(*classes: type[Any]) -> dict[str, Any]:
    return {field.name: field.default for each in classes for field in dataclasses.fields(each)}


@pytest.mark.parametrize(
    ("command", "classes", "names"),
    [
        (calibrate.command, [Draw], {"seed": "seed", "mix": "mixed", "level_spread_db": "level_spread_db"}),
        (
            simulate.command,
            [SimulationOptions, Preparation],
            {
                "ranges": "range_method",
                "equalize": "equalise",
                "correct_bias": "correct_bias",
                "target_db": "target_db",
                "windows": "windows",
                "relieve": "relieve",
                "quick": "quick",
                "fresh": "fresh",
                "level": "optimization_level",
            },
        ),
        (compile.command, [CompileOptions], {"force": "force", "python": "python"}),
        (
            go.command,
            [GoOptions],
            {name: name for name in ("seconds", "windows", "mix", "search", "distil")},
        ),
        (
            reduce.command,
            [ReduceOptions],
            {
                "hardware": "hardware",
                "timeout": "timeout_seconds",
                "max_attempts": "max_attempts",
                "repeats": "repeats",
                "output": "output",
            },
        ),
    ],
)
def test_an_option_has_its_fields_default(command: Command, classes: list[type[Any]], names: Names) -> None:
    expected = fields(*classes)
    assert {name: default(command, name) for name in names} == {name: expected[names[name]] for name in names}


def test_convert_has_the_defaults_of_an_export() -> None:
    pytest.importorskip("torch")
    from tasnet2hef.model.export import ExportOptions
    from tasnet2hef.model.network.build_options import BuildOptions

    expected, build = fields(ExportOptions), fields(BuildOptions)
    for name in ("seconds", "layout", "residual", "shift", "streams", "segments"):
        assert default(convert.command, name) == expected[name], name
        assert build.get(name, expected[name]) == expected[name], name


def test_defaults_in_words_are_those_in_use() -> None:
    assert default(calibrate.command, "windows") == DEFAULT_WINDOWS
    assert shown(convert.command, "windows") == str(DEFAULT_WINDOWS)
    assert shown(convert.command, "chunk") == str(convert.chunk_frames(True, None))
    assert shown(simulate.command, "percentile") == str(DEFAULT_PERCENTILE)
    assert shown(compile.command, "attempts") == str(CompileOptions().attempts)
    assert shown(compile.command, "hardware") == CompileOptions().hardware
