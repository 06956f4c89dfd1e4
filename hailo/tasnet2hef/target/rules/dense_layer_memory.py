"""Dense layers whose weights exceed a cluster or a context."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext

# Recorded on hailo10h: 8192 features to 1024 needed 133 of a cluster's 128 units; 4096 to 1024 compiled.
_REFUSED_FEATURES, _REFUSED_WEIGHTS = 8192, 8192 * 1024


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the features and weights of each dense layer with what a cluster and a context can hold."""
    for layer in context.layers("conv", "fc"):
        features = _input_features(layer)
        if layer.groups > 1:
            continue
        if features >= _REFUSED_FEATURES and layer.weights >= _REFUSED_WEIGHTS:
            message = (
                f"{features:,} features to {layer.shape[-1]:,}: 8,192 to 1,024 ended in 'Memory units required "
                "133 and 128 are available', 4,096 to 1,024 compiled"
            )
            yield RULE.finding(context, message, layer=layer)
            continue
        units = math.ceil(layer.weights / context.chip.memory_unit_bytes.value)
        if units > context.chip.memory_units.value:
            yield _over_one_context(context, layer, units)


def _over_one_context(context: RuleContext, layer: Layer, units: int) -> Finding:
    message = (
        f"{layer.weights:,} weights fill about {units:,} memory units, the chip has "
        f"{int(context.chip.memory_units):,}: one context can't hold the layer "
        "('single context: conv1 had no assignment'), several compile"
    )
    level: Level = "error" if context.single_context else "warning"
    return RULE.finding(context, message, layer=layer, evidence=1, level=level)


def _input_features(layer: Layer) -> int:
    shape = layer.input_shapes[0]
    return math.prod(shape[1:]) if layer.type == "fc" else shape[-1]


def _dense(features: int, filters: int) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, features, 1, 8), features, filters))


def _many_features() -> onnx.ModelProto:
    """Draw a 1x1 convolution from 8192 to 1024 features."""
    return _dense(8192, 1024)


def _many_weights() -> onnx.ModelProto:
    """Draw a 1x1 convolution from 4096 to 8192 features, which takes several contexts."""
    return _dense(4096, 8192)


def _compiled() -> onnx.ModelProto:
    """Draw a 1x1 convolution from 4096 to 1024 features, which compiled."""
    return _dense(4096, 1024)


RULE = Rule(
    id="dense-layer-memory",
    title="A dense layer's weights exceed a cluster or a context.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log (split head of a language model)",
            grade="recorded",
            words="Memory units required 133 and 128 are available",
            version="5.4.0",
            hardware=("hailo10h",),
        ),
        Evidence(
            source="public log (query projection, 4096 to 8192)",
            grade="recorded",
            words="single context: conv1 had no assignment",
            version="5.4.0",
            hardware=("hailo10h",),
        ),
    ),
    check=check,
    fix="split the layer over its input features into products that are added",
    bad=(_many_features, _many_weights),
    good=(_compiled,),
)
