"""Attention over many tokens: its scores are a map of tokens x tokens, so its rows are wide."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

# Recorded: 3,600 tokens failed on hailo8l; the Whisper encoder's 500 tokens compiled on hailo8, 8l and 10h.
_REFUSED_TOKENS, _COMPILED_TOKENS = 3600, 500


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the tokens of each softmax over the last axis of scores [.., queries, keys] with recorded ones."""
    for node in context.nodes("Softmax"):
        shape = node.input_shapes[0]
        if shape is None or len(shape) < 3 or node.integer("axis", -1) % len(shape) != len(shape) - 1:
            continue
        tokens = min(shape[-2:])
        if tokens <= _COMPILED_TOKENS:
            continue
        message = (
            f"softmax over {shape[-2]:,} x {shape[-1]:,} scores; {_REFUSED_TOKENS:,} tokens failed, "
            f"{_COMPILED_TOKENS} compiled"
        )
        if tokens >= _REFUSED_TOKENS:
            yield RULE.finding(context, message, node=node)
        else:
            yield RULE.finding(context, message, node=node, level="warning")


def _attention(tokens: int) -> onnx.ModelProto:
    graph = GraphSketch()
    scores = graph.node("MatMul", graph.input(1, 12, tokens, 64), graph.input(1, 12, 64, tokens))
    return graph.model(graph.node("Softmax", scores, axis=-1))


def _image() -> onnx.ModelProto:
    """Draw the attention scores of 3600 tokens."""
    return _attention(3600)


def _speech() -> onnx.ModelProto:
    """Draw the attention scores of 500 tokens, which compiled."""
    return _attention(500)


RULE = Rule(
    id="attention-too-wide",
    title="Attention runs over more tokens than were seen to compile.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log of an OWLv2 image tower (3,600 tokens); hailocs/hailo-whisper (500 tokens)",
            grade="recorded",
            version="3.34.0",
            hardware=("hailo8l",),
        ),
    ),
    check=check,
    fix="fewer tokens (a shorter window), or attention on the host",
    bad=(_image,),
    good=(_speech,),
)
