"""The commands and the Python interface have the same defaults."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli.commands import distil, freeze
from tasnet2hef.train.options import DistilOptions, FreezeOptions, SpeechOptions, Variant

ONLY_IN_THE_COMMAND = {
    *("checkpoint", "speech", "output", "settings", "threads", "one_speaker", "force", "json_output", "verbose")
}


def defaults_of(*classes: type[Any]) -> dict[str, object]:
    return {
        field.name: field.default
        for each in classes
        for field in dataclasses.fields(each)
        if field.default is not dataclasses.MISSING
    }


@pytest.mark.parametrize(
    ("command", "classes"),
    [
        (freeze.command, (FreezeOptions, SpeechOptions)),
        (distil.command, (DistilOptions, SpeechOptions, Variant)),
    ],
)
def test_each_options_default_is_its_fields(command: Callable[..., None], classes: tuple[type[Any], ...]) -> None:
    parameters = inspect.signature(command).parameters
    defaults = {name: each.default for name, each in parameters.items() if name not in ONLY_IN_THE_COMMAND}
    options = {name: getattr(default, "default", default) for name, default in defaults.items()}
    fields = defaults_of(*classes)
    assert options == {name: fields[name] for name in options}
    left_out = set(fields) - set(options)
    assert left_out == ({"validation_clips"} if command is freeze.command else set()), "freeze chooses nothing"


def test_a_student_learns_as_documented() -> None:
    options = DistilOptions()
    assert (options.rate, options.truth) == (5e-4, 0.5)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_length_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(OptionError, match=r"seconds: found .*, expected a finite number, more than 0"):
        SpeechOptions(seconds=value)
