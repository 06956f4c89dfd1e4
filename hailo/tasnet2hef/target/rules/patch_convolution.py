"""Large patches: a 16 x 16 convolution with stride 16."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext

_REFUSED, _COMPILED = 16, 8
_REFUSED_COLUMNS, _COMPILED_COLUMNS = 40, 14
"""Patches in a row: images of 640 pixels were refused, those of 224 compiled."""


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse kernels of 16 and more in both directions with strides of the same size, over wide images."""
    for layer in context.layers("conv", "dw"):
        columns = layer.shape[-2]
        if min(*layer.kernel, *layer.strides) < _REFUSED or columns <= _COMPILED_COLUMNS:
            continue
        message = (
            f"kernel {layer.kernel[0]} x {layer.kernel[1]}, stride {layer.strides[0]} x {layer.strides[1]}, "
            f"{columns} patches in a row: 16 x 16 ended in 'Reshape is needed for layers: conv1' with "
            f"{_REFUSED_COLUMNS}, and compiled with {_COMPILED_COLUMNS}; {_COMPILED} x {_COMPILED} compiled"
        )
        refused = columns >= _REFUSED_COLUMNS
        level: Level = "error" if refused else "warning"
        yield RULE.finding(context, message, layer=layer, level=level, evidence=0 if refused else 1)


def _patches(size: int, pixels: int = 640) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 3, pixels, pixels), 3, 32, (size, size), strides=[size, size]))


def _sixteen() -> onnx.ModelProto:
    """Draw a 16 x 16 convolution with stride 16 over 640 pixels."""
    return _patches(16)


def _eight() -> onnx.ModelProto:
    """Draw an 8 x 8 convolution with stride 8, which compiled."""
    return _patches(8)


def _small_image() -> onnx.ModelProto:
    """Draw a 16 x 16 convolution with stride 16 over 224 pixels, which compiled in vision transformers."""
    return _patches(16, 224)


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
        Evidence(
            source="between these and the vision transformers of hailo_model_zoo, 224 pixels (hailo8, hailo8l)",
            grade="inferred",
        ),
    ),
    check=check,
    fix="factor it: two convolutions of 4 x 4, stride 4 (the second with the weights), or feed patches from "
    "the host",
    bad=(_sixteen,),
    good=(_eight, _small_image),
)
