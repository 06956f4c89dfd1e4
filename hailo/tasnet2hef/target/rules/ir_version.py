"""Files of an ONNX version that the compiler's own onnx package is too old for."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.releases import NEWEST_IR_VERSION
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the file's ir_version with the newest that is read."""
    if context.model is not None and context.model.ir_version > NEWEST_IR_VERSION:
        version = context.model.ir_version
        message = f"ir_version {version}, at most {NEWEST_IR_VERSION} is read: refused before any operator"
        yield RULE.finding(context, message)


def _relu(version: int) -> onnx.ModelProto:
    graph = GraphSketch()
    model = graph.model(graph.node("Relu", graph.input(1, 8, 10, 10)))
    model.ir_version = version
    return model


def _thirteen() -> onnx.ModelProto:
    """Draw a graph as onnx.helper of today writes it."""
    return _relu(13)


def _ten() -> onnx.ModelProto:
    """Draw a graph of the newest version that is read."""
    return _relu(10)


RULE = Rule(
    id="ir-version",
    title="The file's ONNX version is newer than the compiler's.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (operator sweep on hailo10h): the compiler's onnx takes ir_version 10 at most",
            grade="recorded",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="`tasnet2hef patch` writes an older one; or export with onnx 1.16",
    bad=(_thirteen,),
    good=(_ten,),
)
