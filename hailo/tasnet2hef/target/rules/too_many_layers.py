"""Nets of more layers or weights than one context holds."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.chip import caps_line
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext

_RAISE = "add that line to the model script; `tasnet2hef compile` tries it by itself, before several contexts"


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare layers, one controller each, and weights with a context's share, by default and with raised caps."""
    layers, weights, chip = context.cost.lcus, context.cost.weights, context.chip
    cap = chip.single_context_caps(layers, weights)
    if cap == chip.single_context_cap.value:
        return
    if cap is not None:
        message = f"{_demand(context)}, with caps of {cap:.0%} one context has held it: {caps_line(cap)}"
        evidence = 1 if layers > chip.single_context_layers else 2
        yield RULE.finding(context, message, level="warning", evidence=evidence, fix=_RAISE)
        return
    level: Level = "error" if context.single_context else "warning"
    if layers <= chip.raised_context_layers:
        level = "warning"
    contexts = chip.likely_contexts(layers, weights)
    message = (
        f"{_demand(context)}, so {contexts} contexts of about {chip.layers_per_context} layers each are likely, "
        f"{chip.several_contexts(layers, weights, chip.raised_memory_cap.value)} with caps of "
        f"{chip.raised_memory_cap.value:.0%}, reloaded with every run ('Resources presolve failed: lcus=(160/80)' "
        "is not yet a failure: the multi-context flow follows)"
    )
    yield RULE.finding(context, message, level=level, evidence=0 if layers > chip.raised_context_layers else 2)


def _demand(context: RuleContext) -> str:
    """Return what is over one context's share by default: layers, weights or both."""
    layers, weights, chip = context.cost.lcus, context.cost.weights, context.chip
    parts = []
    if layers > chip.single_context_layers:
        parts.append(
            f"about {layers} compiled layers, one layer controller each: one context of {chip.name} is planned "
            f"with {chip.single_context_layers} of {int(chip.layer_controllers)}"
        )
    planned = int(chip.memory_units.value * chip.single_context_cap.value)
    if chip.units_of(weights) > planned:
        parts.append(
            f"{weights:,} weights fill about {chip.units_of(weights):,} memory units: one context is planned with "
            f"{planned} of {int(chip.memory_units):,}"
        )
    return "; ".join(parts)


def _deep(count: int) -> onnx.ModelProto:
    graph = GraphSketch()
    tensor = graph.input(1, 8, 10, 10)
    for _ in range(count):
        tensor = graph.node("Relu", graph.conv(tensor, 8, 8))
    return graph.model(tensor)


def _many() -> onnx.ModelProto:
    """Draw 136 convolutions in a row."""
    return _deep(136)


def _heavy() -> onnx.ModelProto:
    """Draw ten convolutions of 2,359,296 weights each: more than one context holds by default."""
    graph = GraphSketch()
    tensor = graph.input(1, 512, 7, 7)
    for _ in range(10):
        tensor = graph.node("Relu", graph.conv(tensor, 512, 512, (3, 3), pads=[1, 1, 1, 1]))
    return graph.model(tensor)


def _few() -> onnx.ModelProto:
    """Draw 96 convolutions in a row."""
    return _deep(96)


RULE = Rule(
    id="too-many-layers",
    title="The net has more layers or weights than one context holds.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="hailo_model_zoo issues 33 and 124; public logs: lcus=(160/80), lcus=(180/80) on hailo15h",
            grade="recorded",
            words="Model uses too many reources: 136 Layer-Controllers\nResources presolve failed: lcus=(160/80)",
            hardware=("hailo8", "hailo10h", "hailo15h"),
        ),
        Evidence(
            source="hailo_model_zoo v2.18, hailo8/base/efficientnet_m.alls (122 layers in one context), "
            "resnet_v1_50.alls (112, caps of 85 %)",
            grade="recorded",
            version="3.33.1",
        ),
        Evidence(
            source="hailo_model_zoo v2.18, hailo8/base/resnet_v1_50.alls: 25.5 million weights in one context "
            "with caps of 85 %, a fifth of them in 4 bits",
            grade="inferred",
            version="3.33.1",
        ),
    ),
    check=check,
    fix="fewer blocks; `--residual joint` (3 layers a block instead of 4); batch norm instead of norms by "
    "hand (`tasnet2hef distil`); or export segments",
    bad=(_many, _heavy),
    good=(_few,),
)
