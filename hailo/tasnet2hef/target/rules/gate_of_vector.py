"""Gates that multiply the very vector that they are computed from."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_CONVOLVED = ("conv", "fc", "dw")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a product of a pooled vector, one position, with a gate that is computed from it by layers.

    A squeeze-and-excite block, which multiplies the map that it pools, compiles.
    """
    for layer in context.layers("ew_mult"):
        for name, gate in zip(layer.inputs, layer.inputs[::-1], strict=True):
            vector = context.net[name]
            if _positions(vector) != 1 or not _was_pooled(context.net, vector):
                continue
            if _depends(context.net, context.net[gate], vector.name):
                message = (
                    f"{gate} is computed from the pooled vector {name}, and multiplies it: "
                    "'Compilation failed with unexpected crash', an assertion on pyramid_output"
                )
                yield RULE.finding(context, message, layer=layer)
                break


def _positions(layer: Layer) -> int:
    height, width = layer.shape[1:3] if len(layer.shape) == 4 else (0, 0)
    return height * width


def _was_pooled(net: HailoNet, layer: Layer) -> bool:
    """Return whether many positions became one on the way to a layer, with nothing learnt in between."""
    seen = [layer]
    while seen:
        current = seen.pop()
        if current.type in ("avgpool", "maxpool"):
            return True
        if current.type in ("concat", "shortcut", "format_conversion", "activation", "normalization", "slice"):
            seen.extend(net[name] for name in current.inputs)
    return False


def _depends(net: HailoNet, gate: Layer, name: str) -> bool:
    """Return whether a gate is computed from a layer through at least one layer with weights."""
    front = [(gate, False)]
    while front:
        layer, learnt = front.pop()
        if layer.name == name:
            if learnt:
                return True
            continue
        if _positions(layer) == 1:
            front.extend((net[each], learnt or layer.type in _CONVOLVED) for each in layer.inputs)
    return False


def _gated(pooled_twice: bool) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 1, 32), 64, 64)
    vector = graph.node("GlobalAveragePool", source)
    other = graph.node("GlobalAveragePool", source) if pooled_twice else vector
    hidden = graph.node("Relu", graph.conv(vector, 64, 8))
    gate = graph.node("Sigmoid", graph.conv(hidden, 8, 64))
    return graph.model(graph.conv(graph.node("Mul", other, gate), 64, 11))


def _vector() -> onnx.ModelProto:
    """Draw a gate that multiplies the pooled vector that it is computed from."""
    return _gated(False)


def _twice() -> onnx.ModelProto:
    """Draw the same with the vector pooled a second time for the product, which compiled."""
    return _gated(True)


def _squeeze_excite() -> onnx.ModelProto:
    """Draw a gate that multiplies the map that was pooled for it."""
    graph = GraphSketch()
    source = graph.node("Relu", graph.conv(graph.input(1, 64, 16, 16), 64, 64))
    hidden = graph.node("Relu", graph.conv(graph.node("GlobalAveragePool", source), 64, 8))
    return graph.model(graph.node("Mul", source, graph.node("Sigmoid", graph.conv(hidden, 8, 64))))


RULE = Rule(
    id="gate-of-vector",
    title="A gate multiplies the pooled vector that it is computed from.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log (AWN, a radio modulation net, taken apart layer by layer)",
            grade="recorded",
            words="Assertion `pyramid_output->output_shapes().size() > index' failed.\n"
            "BackendAllocatorException: Compilation failed with unexpected crash",
            version="3.33.0, 3.34.0",
            hardware=("hailo8",),
        ),
    ),
    check=check,
    fix="pool a second time for the product: two equal pools, one for the gate, one for what it multiplies, "
    "compiled with the same numbers",
    bad=(_vector,),
    good=(_twice, _squeeze_excite),
)
