"""Nets of more layers than one context holds."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the compiled layers, one controller each, with one context's share and with the whole chip."""
    layers, chip = context.cost.lcus, context.chip
    if layers <= chip.single_context_layers:
        return
    total = int(chip.layer_controllers)
    message = (
        f"about {layers} compiled layers, one layer controller each: one context of {chip.name} is planned with "
        f"{chip.single_context_layers} of {total}"
    )
    if layers <= total:
        yield RULE.finding(context, f"{message}; a longer search may still find one", level="warning")
        return
    contexts = chip.likely_contexts(layers, context.cost.weights)
    message += (
        f", so {contexts} contexts of about {chip.layers_per_context} layers each are likely, reloaded with every "
        "run ('Resources presolve failed: lcus=(160/80)' is not yet a failure: the multi-context flow follows)"
    )
    yield RULE.finding(context, message, level="error" if context.single_context else "warning")


def _deep(count: int) -> onnx.ModelProto:
    graph = GraphSketch()
    tensor = graph.input(1, 8, 10, 10)
    for _ in range(count):
        tensor = graph.node("Relu", graph.conv(tensor, 8, 8))
    return graph.model(tensor)


def _many() -> onnx.ModelProto:
    """Draw 136 convolutions in a row."""
    return _deep(136)


def _few() -> onnx.ModelProto:
    """Draw 96 convolutions in a row."""
    return _deep(96)


RULE = Rule(
    id="too-many-layers",
    title="The net has more layers than one context holds.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="hailo_model_zoo issues 33 and 124; public logs: lcus=(160/80), lcus=(180/80) on hailo15h",
            grade="recorded",
            words="Model uses too many reources: 136 Layer-Controllers\nResources presolve failed: lcus=(160/80)",
            hardware=("hailo8", "hailo10h", "hailo15h"),
        ),
    ),
    check=check,
    fix="fewer blocks; `--residual joint` (3 layers a block instead of 4); batch norm instead of norms by "
    "hand (`tasnet2hef distil`); or export segments",
    bad=(_many,),
    good=(_few,),
)
