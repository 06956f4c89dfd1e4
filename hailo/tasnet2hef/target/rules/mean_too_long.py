"""Means over more positions than the unit's shift can divide by."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.limits import MEAN_SHIFT_BITS, MEAN_STEP
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare floor(log2(positions)) of each average, which is its shift, with the data bits of the unit.

    A larger shift is refused; one that just equals the bits was refused elsewhere, so it warns.  A mean over
    features is another unit, of which no refusal is recorded.
    """
    for layer in context.layers("avgpool"):
        positions = layer.kernel[0] * layer.kernel[1]
        shift = int(math.log2(max(positions, 1)))
        if shift > MEAN_SHIFT_BITS.value:
            yield RULE.finding(context, _message(positions, shift), layer=layer)
        elif shift == MEAN_SHIFT_BITS.value:
            yield RULE.finding(context, _message(positions, shift), layer=layer, level="warning", evidence=1)
    for layer in context.layers("reduce_mean"):
        features = layer.input_shapes[0][-1]
        shift = int(math.log2(max(features, 1)))
        if shift > MEAN_SHIFT_BITS.value:
            message = f"{_message(features, shift)}; whether that holds for features is not recorded"
            yield RULE.finding(context, message, layer=layer, level="note", evidence=2)


def _message(positions: int, shift: int) -> str:
    return (
        f"a mean over {positions:,} values needs a shift of {shift} where the unit has {int(MEAN_SHIFT_BITS)} "
        "bits "
        f"(NegativeSlopeExponentNonFixable: 'Desired shift is {shift}.0, but op has only 8 data bits')"
    )


def _long() -> onnx.ModelProto:
    """Draw a mean over 1999 columns, as in a global layer norm."""
    graph = GraphSketch()
    return graph.model(graph.node("ReduceMean", graph.input(1, 512, 1, 1999), axes=[3]))


def _stepwise() -> onnx.ModelProto:
    """Draw the mean of 2000 rows in two steps of 50 and 40."""
    graph = GraphSketch()
    first = graph.node("AveragePool", graph.input(1, 512, 2000, 1), kernel_shape=[50, 1], strides=[50, 1])
    return graph.model(graph.node("AveragePool", first, kernel_shape=[40, 1], strides=[40, 1]))


RULE = Rule(
    id="mean-too-long",
    title="A mean over too many positions can't be quantised.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/issues.md (hailo8)",
            grade="recorded",
            words="NegativeSlopeExponentNonFixable: Quantization failed in layer convtas/ne_activation_avgpool6 "
            "due to unsupported required slope.\nDesired shift is 10.0, but op has only 8 data bits",
            version="3.33.0",
        ),
        Evidence(
            source="public log of a YOLO11 with un-normalised calibration: Desired shift is 8.0",
            grade="recorded",
            words="Desired shift is 8.0, but op has only 8 data bits",
        ),
        Evidence(source="the shift above, applied to a mean over features", grade="inferred"),
    ),
    check=check,
    fix=f"average in two or more steps of at most {int(MEAN_STEP)} (equal steps keep the mean exact)",
    bad=(_long,),
    good=(_stepwise,),
)
