"""A graph that the compiler can't put in order."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="graph-cycle",
    patterns=(
        r"NetworkXUnfeasible",
        r"Graph contains a cycle",
    ),
    cause="the compiler turns its own simplification off for large models, and then finds a cycle",
    fix="simplify the graph before (onnxsim --no-large-tensor)",
    evidence=Evidence(source="public log of a language model", grade="recorded"),
)
