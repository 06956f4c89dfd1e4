"""Means over more positions than the unit's shift can divide by."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.graph.signs import Sign
from tasnet2hef.target.known.limits import (
    MEAN_FAIL_POSITIONS,
    MEAN_PASS_POSITIONS,
    MEAN_SHIFT_BITS,
    MEAN_STEP,
)
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_RELABELS = ("Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity")
_SCRIPT = "pre_quantization_optimization(global_avgpool_reduction, layers=[{}], division_factors=[{}])"


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the positions of each mean with those that failed and passed, on the same side of zero.

    What the unit has to shift by is the range of its input over that of its result, over the positions.  The two
    means of a norm, of values on both sides of zero and of squares, are far smaller than the largest value: one
    was refused with 1,999 positions. Means behind a ReLU passed with 7,680.
    """
    for layer in context.layers("avgpool"):
        positions = layer.kernel[0] * layer.kernel[1]
        if not _is_small(context, layer):
            if positions > MEAN_PASS_POSITIONS.value:
                yield RULE.finding(context, _one_sided(layer, positions), layer=layer, evidence=2, level="note")
        elif positions >= MEAN_FAIL_POSITIONS.value and not _feeds_weights(context, layer):
            yield RULE.finding(context, _message(layer, positions), layer=layer)
        elif positions >= 2**MEAN_SHIFT_BITS.value:
            yield RULE.finding(context, _message(layer, positions), layer=layer, level="warning", evidence=1)
    yield from _over_features(context)


def _over_features(context: RuleContext) -> Iterable[Finding]:
    for layer in context.layers("reduce_mean"):
        features = layer.input_shapes[0][-1]
        if _shift(features) > MEAN_SHIFT_BITS.value and _is_small(context, layer):
            message = f"{_message(layer, features)}; whether that holds for features is not recorded"
            yield RULE.finding(context, message, layer=layer, level="note", evidence=3)


def _is_small(context: RuleContext, layer: Layer) -> bool:
    """Return whether a mean is likely far smaller than the largest of its values: signed values, and squares."""
    tensor = layer.onnx[0].inputs[0] if layer.onnx and layer.onnx[0].inputs else ""
    if context.signs.get(tensor, Sign.SIGNED) is Sign.SIGNED:
        return True
    producer = context.producer(tensor)
    while producer is not None and producer.op_type in _RELABELS:
        producer = context.producer(producer.inputs[0])
    return producer is not None and (
        producer.op_type == "Pow" or (producer.op_type == "Mul" and len(set(producer.inputs)) == 1)
    )


def _feeds_weights(context: RuleContext, layer: Layer) -> bool:
    """Return whether layers with weights read a mean, as in a gate: that is no norm, no refusal is recorded."""
    readers = [context.net[name] for name in layer.outputs]
    return bool(readers) and all(reader.type in ("conv", "fc") for reader in readers)


def _shift(positions: int) -> int:
    return int(math.log2(max(positions, 1)))


def _message(layer: Layer, positions: int) -> str:
    return (
        f"a mean over {positions:,} values, signed or squares, needs a shift of {_shift(positions)} where the "
        f"unit has {int(MEAN_SHIFT_BITS)} bits "
        "(NegativeSlopeExponentNonFixable: 'Desired shift is 10.0, but op has only 8 data bits' at "
        f"{int(MEAN_FAIL_POSITIONS):,}){_line(layer)}"
    )


def _one_sided(layer: Layer, positions: int) -> str:
    return (
        f"a mean over {positions:,} values of one sign; {int(MEAN_PASS_POSITIONS):,} compiled, 12,544 and "
        f"30,720 were reduced by the model script{_line(layer)}"
    )


def _line(layer: Layer) -> str:
    """Return the line of a model script that makes two steps of a mean over a whole map, if its size allows it."""
    factors = division_factors(layer.kernel)
    whole = layer.shape[1:3] == (1, 1)
    if layer.type != "avgpool" or not whole or factors == (1, 1):
        return ""
    return f"; in two steps by the model script: {_SCRIPT.format(layer.name, f'{factors[0]}, {factors[1]}')}"


def division_factors(kernel: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns of the first step of a mean: divisors, at most 128 positions together.

    >>> division_factors((128, 240)), division_factors((1, 1999)), division_factors((112, 112))
    ((128, 1), (1, 1), (112, 1))
    """
    rows = _divisor(kernel[0], int(MEAN_STEP))
    return rows, _divisor(kernel[1], int(MEAN_STEP) // rows)


def _divisor(size: int, most: int) -> int:
    return max(each for each in range(1, max(most, 1) + 1) if size % each == 0)


def _long() -> onnx.ModelProto:
    """Draw a mean over 1999 columns, as in a global layer norm."""
    graph = GraphSketch()
    return graph.model(graph.node("ReduceMean", graph.input(1, 512, 1, 1999), axes=[3]))


def _squares() -> onnx.ModelProto:
    """Draw the variance of a global layer norm: the mean of 1999 squares."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 1, 1999), 64, 64)
    return graph.model(graph.node("ReduceMean", graph.node("Mul", source, source), axes=[3]))


def _stepwise() -> onnx.ModelProto:
    """Draw the mean of 2000 rows in two steps of 50 and 40."""
    graph = GraphSketch()
    first = graph.node("AveragePool", graph.input(1, 512, 2000, 1), kernel_shape=[50, 1], strides=[50, 1])
    return graph.model(graph.node("AveragePool", first, kernel_shape=[40, 1], strides=[40, 1]))


def _behind_relu() -> onnx.ModelProto:
    """Draw a global average pool over 64 x 120 positions behind a ReLU, which compiled."""
    graph = GraphSketch()
    source = graph.node("Relu", graph.conv(graph.input(1, 8, 64, 120), 8, 8))
    return graph.model(graph.node("GlobalAveragePool", source))


RULE = Rule(
    id="mean-too-long",
    title="A mean over too many positions can't be quantised.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/issues.md (hailo8): 1,999 positions; in "
            "the recorded parse of that net avgpool6 is the mean of the squares of a norm",
            grade="recorded",
            words="NegativeSlopeExponentNonFixable: Quantization failed in layer convtas/ne_activation_avgpool6 "
            "due to unsupported required slope.\nDesired shift is 10.0, but op has only 8 data bits",
            version="3.33.0",
        ),
        Evidence(source="the shift above, for fewer positions", grade="inferred"),
        Evidence(
            source="hailo_model_zoo v2.18, hailo8/base/stdc1.alls: pools behind a ReLU of 1,920 and 7,680 "
            "positions as they are, of 30,720 reduced by the script; public log of an EfficientNet-B0 "
            "(hailo8l): its first pool, of 12,544, too",
            grade="recorded",
            version="3.32.0, 3.33.1",
        ),
        Evidence(source="the shift above, applied to a mean over features", grade="inferred"),
    ),
    check=check,
    fix=f"average in two or more steps of at most {int(MEAN_STEP)} (equal steps keep the mean exact): in the "
    "graph, or by a line of the model script, pre_quantization_optimization(global_avgpool_reduction, "
    "layers=[...], division_factors=[rows, columns]) (recorded for pools of a map; for a norm's mean inferred)",
    bad=(_long, _squares),
    good=(_stepwise, _behind_relu),
)
