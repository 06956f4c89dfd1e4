"""Large patches: a 16 x 16 convolution with stride 16."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_REFUSED, _COMPILED = 16, 8


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse kernels of 16 and more in both directions with strides of the same size."""
    for layer in context.layers("conv", "dw"):
        if min(*layer.kernel, *layer.strides) >= _REFUSED:
            message = (
                f"kernel {layer.kernel[0]} x {layer.kernel[1]}, stride {layer.strides[0]} x {layer.strides[1]}: "
                f"16 x 16 ended in 'Reshape is needed for layers: conv1', {_COMPILED} x {_COMPILED} compiled"
            )
            yield RULE.finding(context, message, layer=layer)


def _patches(size: int) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 3, 64, 64), 3, 32, (size, size), strides=[size, size]))


def _sixteen() -> onnx.ModelProto:
    """Draw a 16 x 16 convolution with stride 16."""
    return _patches(16)


def _eight() -> onnx.ModelProto:
    """Draw an 8 x 8 convolution with stride 8, which compiled."""
    return _patches(8)


RULE = Rule(
    id="patch-convolution",
    title="A patch convolution of 16 x 16 can't be laid out.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log of an OWLv2 image tower at 640 and 960 pixels",
            grade="recorded",
            words="Reshape is needed for layers: conv1",
            version="3.34.0",
            hardware=("hailo8l",),
        ),
    ),
    check=check,
    fix="factor it: two convolutions of 4 x 4, stride 4 (the second with the weights), or feed patches from "
    "the host",
    bad=(_sixteen,),
    good=(_eight,),
)
