"""Transposed convolutions that sum many features over a long kernel: they exceed a cluster's memory units."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext

# Recorded: 1024 features x kernel 16 exceeds the memory units; 256 x 16 compiled on hailo10h.
_REFUSED, _COMPILED = 1024 * 16, 256 * 16


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare features x kernel of each plain transposed convolution with one that failed and one that passed."""
    for layer in context.layers("deconv"):
        features = layer.input_shapes[0][-1] // layer.groups
        taps = features * layer.kernel[0] * layer.kernel[1]
        if taps <= _COMPILED:
            continue
        message = (
            f"a transposed convolution sums {features} features x {layer.kernel[0]} x {layer.kernel[1]} = "
            f"{taps:,} products a value; {_REFUSED:,} ended in 'Memory units capacity exceeded', {_COMPILED:,} "
            "compiled"
        )
        level: Level = "error" if taps >= _REFUSED else "warning"
        yield RULE.finding(context, message, layer=layer, level=level)


def _decoder(features: int) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.deconv(graph.input(1, features, 1, 100), features, 2, (1, 16), strides=[1, 8]))


def _block_diagonal() -> onnx.ModelProto:
    """Draw the decoder of two sources as one block-diagonal kernel, 1024 features to 2."""
    return _decoder(1024)


def _small() -> onnx.ModelProto:
    """Draw a decoder of 128 features."""
    return _decoder(128)


RULE = Rule(
    id="deconvolution-memory",
    title="A transposed convolution over many features and a long kernel exceeds the memory units.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/CONVERSION_NOTES.md (block-diagonal "
            "decoder)",
            grade="recorded",
            words="Memory units capacity exceeded (available: A, required: B)",
            version="3.33.0",
            hardware=("hailo8",),
        ),
    ),
    check=check,
    fix="write the decoder as a convolution over frames, one per source",
    bad=(_block_diagonal,),
    good=(_small,),
)
