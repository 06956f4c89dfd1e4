"""PReLU slopes stored as a list: the parser spreads them over features twice."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse PReLU slopes stored as a list; warn of a single slope stored otherwise.

    A slope [C] on [N, C, H, W] aligns with W, so the parser multiplies C features by C slopes: 512 features
    became 262,144 = 512 x 512.  The net that was refused is trained with a single slope for each PReLU; how one
    slope came to be spread over the features is not recorded, and a single slope compiled elsewhere.
    """
    for node in context.nodes("PRelu"):
        slope, shape = context.shape(node.inputs[1]), node.input_shapes[0]
        if slope is None or shape is None or len(shape) < 3:
            continue
        features = shape[1]
        squared = f"{features * features:,} features of {features} x {features}"
        words = "('Unsupported dimensions: [-1, 1, 1999, 262144]' was 512 x 512)"
        if len(slope) == 1:
            expected = [slope[0], *(1,) * (len(shape) - 2)]
            message = f"slope of shape {list(slope)} on a tensor {list(shape)}, expected {expected}"
            yield RULE.finding(context, f"{message}: the parser makes {squared} {words}", node=node)
        elif math.prod(slope) == 1:
            message = f"one slope for {features} features: if the parser spreads it over them, it makes {squared}"
            yield RULE.finding(context, f"{message} {words}", node=node, level="warning", evidence=1)


def _slopes(*shape: int) -> onnx.ModelProto:
    graph = GraphSketch()
    bent = graph.node("PRelu", graph.conv(graph.input(1, 512, 1, 199), 512, 512), graph.weight(*shape))
    return graph.model(graph.conv(bent, 512, 128))


def _list_of_slopes() -> onnx.ModelProto:
    """Draw 512 slopes of shape [512] on a 4-D tensor."""
    return _slopes(512)


def _one_slope_in_a_list() -> onnx.ModelProto:
    """Draw one slope of shape [1] on a 4-D tensor."""
    return _slopes(1)


def _one_slope() -> onnx.ModelProto:
    """Draw one slope of shape [1, 1, 1], as PyTorch exports it."""
    return _slopes(1, 1, 1)


def _slopes_per_feature() -> onnx.ModelProto:
    """Draw 512 slopes of shape [512, 1, 1]."""
    return _slopes(512, 1, 1)


def _leaky() -> onnx.ModelProto:
    """Draw a LeakyRelu, the same function for one slope."""
    graph = GraphSketch()
    return graph.model(graph.node("LeakyRelu", graph.input(1, 512, 199, 1), alpha=0.25))


RULE = Rule(
    id="prelu-slope-rank",
    title="A PReLU's slopes are a list or a single one, which the parser widens to features x features.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/issues.md (hailo8)",
            grade="recorded",
            words="Unsupported dimensions: ... [-1, 1, 1999, 262144]",
            version="3.33.0",
        ),
        Evidence(
            source="the refused net has one slope a PReLU (3.33.0), yet nn.PReLU with one slope compiled in "
            "SeSac01's public log (3.32.0)",
            grade="inferred",
        ),
    ),
    check=check,
    fix="one slope: LeakyRelu; a slope per feature: reshape it to [C, 1, 1] (`tasnet2hef patch` does the first)",
    bad=(_list_of_slopes, _one_slope_in_a_list, _one_slope),
    good=(_slopes_per_feature, _leaky),
)
