"""Layer norms: one node in ONNX, about twenty compiled layers."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.limits import LAYER_NORM_LAYERS
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each layer norm with its cost."""
    for layer in context.layers("layer_normalization"):
        message = (
            f"a layer norm compiles to about {int(LAYER_NORM_LAYERS)} layers; one context of "
            f"{context.chip.name} holds {context.chip.single_context_layers}"
        )
        yield RULE.finding(context, message, layer=layer)


def _layer_norm() -> onnx.ModelProto:
    """Draw a layer norm over 64 features."""
    graph = GraphSketch(opset=17)
    source, scale = graph.input(1, 100, 64), graph.weight(64)
    return graph.model(graph.node("LayerNormalization", source, scale, scale, axis=-1))


def _batch_norm() -> onnx.ModelProto:
    """Draw a batch norm after a convolution, which costs nothing."""
    graph = GraphSketch()
    rows = [graph.weight(64) for _ in range(4)]
    return graph.model(graph.node("BatchNormalization", graph.conv(graph.input(1, 64, 10, 10), 64, 64), *rows))


RULE = Rule(
    id="layer-norm-cost",
    title="A layer norm compiles to about twenty layers.",
    level="warning",
    stage="compile",
    evidence=(
        Evidence(
            source="hailo-ai/hailo_model_zoo v2.18, deit_base.alls: 500 of 856 compiled layers",
            grade="recorded",
            version="3.33.1",
        ),
    ),
    check=check,
    fix="train with batch norm, which folds into convolutions; or replace the statistics by constants: "
    "`tasnet2hef freeze`, then `tasnet2hef distil`",
    bad=(_layer_norm,),
    good=(_batch_norm,),
)
