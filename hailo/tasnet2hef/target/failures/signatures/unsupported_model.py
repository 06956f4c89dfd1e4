"""A graph that the parser gave up on."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="unsupported-model",
    patterns=(
        r"UnsupportedModelError",
        r"ParsingWithRecommendationException",
    ),
    cause="the parser gave up on part of the graph",
    rule="unsupported-form",
    general=True,
)
