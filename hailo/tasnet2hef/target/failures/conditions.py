"""Conditions on a case, for rows of signatures: true, false, or None where too little is known to tell."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from tasnet2hef.target.failures.facts import Case
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.known.limits import MEAN_SHIFT_BITS, ROW_WIDEST_PASS_BYTES

Condition = Callable[[Case], "bool | None"]

MEANS: Final = ("avgpool", "global_avgpool", "reduce_mean")
_RULES_OF_WIDTH: Final = ("row-too-wide", "concat-too-wide")
_LARGEST_SHIFT_OF_A_MEAN: Final = 24
"""A mean over 2^24 positions: more than any map on record."""
_REASON: Final = re.compile(
    r"Compilation failed: (?!Compilation failed|unexpected)\w|Validator failed on|Failed to partition|"
    r"No valid partition",
    re.IGNORECASE,
)
_SHIFT: Final = re.compile(r"Desired\s+shift\s+is\s+(\d{1,4})")


def negated(condition: Condition) -> Condition:
    """Return the condition that one is known not to hold; None where too little is known."""

    def holds(case: Case) -> bool | None:
        answer = condition(case)
        return None if answer is None else not answer

    return holds


def has_wide_rows(case: Case) -> bool | None:
    """Return whether the net has a row that is wider than any that compiled."""
    widest = case.facts.widest
    if widest is None:
        return None
    named = any(finding.rule in _RULES_OF_WIDTH for finding in case.facts.findings)
    return named or widest.values > ROW_WIDEST_PASS_BYTES.value


has_narrow_rows: Final = negated(has_wide_rows)
"""All rows are of a width that compiled."""


def is_tall(case: Case) -> bool | None:
    """Return whether the net has its positions on the height already."""
    return None if case.facts.net is None else case.facts.layout == "tall"


def calibration_fits(case: Case) -> bool | None:
    """Return whether the calibration set has the shapes of the graph's inputs."""
    return case.facts.calibration_fits


calibration_does_not_fit: Final = negated(calibration_fits)
"""The calibration set has other shapes than the graph's inputs."""


def is_long_mean(case: Case) -> bool | None:
    """Return whether the layer that a message names averages over too many positions for its shift."""
    shift = _SHIFT.search(case.message.line) or _SHIFT.search(case.text)
    if shift is not None and int(shift[1]) > _LARGEST_SHIFT_OF_A_MEAN:
        return False
    if case.message.layer:
        if case.layer_type not in MEANS:
            return False
        if case.layer is None:
            return None
        own = _shift_of(case.layer)
        is_of_range = shift is not None and int(shift[1]) > own + 1  # more than the positions ask for
        return own >= MEAN_SHIFT_BITS.value and not is_of_range
    if case.facts.net is None:
        return None
    means = [layer for layer in case.facts.net if layer.type in MEANS]
    return None if any(_shift_of(layer) >= MEAN_SHIFT_BITS.value for layer in means) else False


is_no_long_mean: Final = negated(is_long_mean)
"""The message is of another layer than a long mean."""


def _shift_of(layer: Layer) -> int:
    values = layer.kernel[0] * layer.kernel[1]
    if layer.type == "global_avgpool" and layer.input_shapes:
        values = math.prod(size or 1 for size in layer.input_shapes[0][1:3])
    if layer.type == "reduce_mean" and layer.input_shapes:
        values = layer.input_shapes[0][-1] or 1
    return int(math.log2(max(values, 1)))


def of_type(*types: str) -> Condition:
    """Return the condition that the message names a layer of one of these types."""

    def holds(case: Case) -> bool | None:
        return case.layer_type.startswith(types) if case.message.layer else None

    return holds


def found(*rules: str) -> Condition:
    """Return the condition that `check` finds one of these rules in the graph; None without a graph."""

    def holds(case: Case) -> bool | None:
        if case.facts.net is None:
            return None
        return any(finding.rule in rules for finding in case.facts.findings)

    return holds


def not_found(*rules: str) -> Condition:
    """Return the condition that `check` finds none of these rules in the graph; None without a graph."""
    return negated(found(*rules))


def gives_reason(case: Case) -> bool:
    """Return whether the text of a failed compilation goes on with a reason."""
    return _REASON.search(case.text) is not None


def at_stage(*stages: str) -> Condition:
    """Return the condition that the failure is of one of these stages; None where its stage is not known."""

    def holds(case: Case) -> bool | None:
        return case.stage in stages if case.stage else None

    return holds


def sets_4_bits(case: Case) -> bool | None:
    """Return whether the model script sets 4-bit weights."""
    return None if case.facts.script is None else bool(case.facts.lines_at_bits("w4"))


def has_no_script(case: Case) -> bool | None:
    """Return whether the run has no model script."""
    return None if case.facts.script is None else not case.facts.script


def says(words: str) -> Condition:
    """Return the condition that the text around the message contains words."""
    return lambda case: words in case.text


def surely(condition: Condition) -> Condition:
    """Return the condition that one is known to hold: false where too little is known."""
    return lambda case: condition(case) is True


def both(*conditions: Condition) -> Condition:
    """Return the condition that all conditions hold: false if one is, else None if one is."""

    def holds(case: Case) -> bool | None:
        answers = [condition(case) for condition in conditions]
        return False if False in answers else None if None in answers else True

    return holds
