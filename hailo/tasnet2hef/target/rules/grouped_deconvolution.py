"""Transposed convolutions with groups: the compiler has no large-kernel form of them."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

# Kernels up to this size have other forms on the chip; of a larger one with groups only refusals are known.
_SMALL_KERNEL = 4


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse transposed convolutions with groups and a large kernel; warn of small ones."""
    for layer in context.layers("deconv"):
        if layer.groups == 1:
            continue
        kernel = f"{layer.kernel[0]} x {layer.kernel[1]}"
        message = (
            f"a transposed convolution of kernel {kernel} has {layer.groups} groups, expected 1 "
            "('Super deconv is not supported with groups')"
        )
        large = max(layer.kernel) > _SMALL_KERNEL
        yield RULE.finding(context, message, layer=layer, evidence=0 if large else 1)


def _decoder(groups: int) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.input(1, 128, 1, 500)
    return graph.model(graph.deconv(source, 128, 2, (1, 16), strides=[1, 8], group=groups))


def _two_groups() -> onnx.ModelProto:
    """Draw a decoder of two sources: kernel 1 x 16, stride 8, 2 groups."""
    return _decoder(2)


def _one_group() -> onnx.ModelProto:
    """Draw the same without groups."""
    return _decoder(1)


RULE = Rule(
    id="grouped-deconvolution",
    title="A transposed convolution with groups has no kernel on the chip.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/CONVERSION_NOTES.md",
            grade="recorded",
            words="Super deconv is not supported with groups",
            version="3.33.0",
            hardware=("hailo8",),
        ),
        Evidence(source="the same with a small kernel, of which no verdict is known", grade="inferred"),
    ),
    check=check,
    fix="one decoder per source; as a convolution over frames (overlap-add of frames is one) it is exact and "
    "plain",
    bad=(_two_groups,),
    good=(_one_group,),
)
