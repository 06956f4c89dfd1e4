"""Feature maps that must be buffered whole until a value computed from all of them is ready."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.cost import HeldMap
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.known.limits import BUFFER_LARGEST_BYTES
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext

_STEPS_TO_A_GATE = 3


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each map beyond the largest known buffer that a join combines with its own mean or variance."""
    for each in context.cost.held_maps:
        if each.values <= BUFFER_LARGEST_BYTES.value:
            continue
        message = (
            f"its map of {list(each.shape[1:])} ({each.values:,} bytes) must be held until {each.join} has what "
            f"is computed from all of it; the largest buffer seen between two layers is "
            f"{int(BUFFER_LARGEST_BYTES):,}"
        )
        level: Level = "note" if _is_gated(context, each) else "warning"
        yield RULE.finding(context, message, layer=context.net[each.layer], level=level)


def _is_gated(context: RuleContext, held: HeldMap) -> bool:
    """Return whether a map waits for a gate that a layer with weights computes, as in squeeze-and-excite blocks.

    Those of EfficientNet-B0 and MobileNetV3 hold up to 401,408 bytes, and compile.
    """
    join = context.net[held.join]
    front = [context.net[name] for name in join.inputs if name != held.layer]
    for _ in range(_STEPS_TO_A_GATE):
        if join.type != "ew_mult" or any(map(_is_gate, front)):
            break
        front = [context.net[name] for layer in front for name in layer.inputs]
    return join.type == "ew_mult" and any(map(_is_gate, front))


def _is_gate(layer: Layer) -> bool:
    """Return whether a layer with weights writes one value per feature."""
    return layer.type in ("conv", "fc") and layer.shape[1:-1] == (1, 1)


def _normalised(rows: int) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, rows, 1), 64, 64)
    mean = graph.node("AveragePool", source, kernel_shape=[rows, 1], strides=[rows, 1])
    return graph.model(graph.node("Sub", source, mean))


def _long() -> onnx.ModelProto:
    """Draw x - mean(x) over 2000 rows of 64 features."""
    return _normalised(2000)


def _short() -> onnx.ModelProto:
    """Draw x - mean(x) over 100 rows."""
    return _normalised(100)


RULE = Rule(
    id="held-map",
    title="A whole map must be held for a norm over it.",
    level="warning",
    stage="compile",
    evidence=(
        Evidence(
            source="largest buffer between two layers in hailo_model_zoo v2.18; a convolution of 1,999 "
            "positions and its mean were recorded to parse only",
            grade="inferred",
        ),
    ),
    check=check,
    fix="norms that stream: batch norm, or constants: `tasnet2hef freeze`, then `tasnet2hef distil`",
    bad=(_long,),
    good=(_short,),
)
