"""What was said about a net in words: options recorded with the weights, and options given by the user."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.filterbanks import BANK_OPTIONS
from tasnet2hef.model.checkpoint.stored import Found

_KNOWN = frozenset(field.name for field in dataclasses.fields(TasNetSpec)) | frozenset(BANK_OPTIONS)
# Asteroid's None where it means something; elsewhere None says nothing.
_MEANING_OF_NONE = {"skip_chan": 0, "encoder_activation": "linear", "who_is_pinv": "none"}


def said_options(found: Found, given: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Merge recorded and given options, the given ones winning; returns notes on what lost or was ignored.

    A given None says nothing. Refuses a given option that no Conv-TasNet has.
    """
    given = {name: _plain(found.where, name, value) for name, value in given.items() if value is not None}
    for name in given:
        if name not in _KNOWN:
            raise CheckpointError(
                f"{found.where}: found the option {name!r}, expected one of {', '.join(sorted(_KNOWN))}"
            )
    meant = _without_none(found.recorded)
    recorded = {name: _plain(found.where, name, value) for name, value in meant.items() if name in _KNOWN}
    ignored = sorted(name for name in meant if name not in _KNOWN)
    notes = [f"{name}: ignored, a Conv-TasNet has no such option ({found.recorded_in})" for name in ignored]
    notes += [
        f"{name}: {value} as given, instead of {recorded[name]} in {found.recorded_in}"
        for name, value in given.items()
        if name in recorded and recorded[name] != value
    ]
    return {**recorded, **given}, tuple(notes)


def _without_none(options: Mapping[str, object]) -> dict[str, object]:
    meant = {name: _MEANING_OF_NONE.get(name) if value is None else value for name, value in options.items()}
    return {name: value for name, value in meant.items() if value is not None}


def _plain(where: str, name: str, value: object) -> object:
    """Turn whole floats into ints, as in Asteroid's ``sample_rate: 8000.0``; refuses what is no single value."""
    if not isinstance(value, str | int | float):
        raise CheckpointError(f"{where}: {name}: found a {type(value).__name__}, expected a number or a name")
    return int(value) if isinstance(value, float) and value.is_integer() else value
