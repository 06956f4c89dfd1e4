"""The search: random weights, fewer nodes at the end, at the start and in between, then smaller sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import onnx

from tasnet2hef.base.errors import GraphError, RefusedError
from tasnet2hef.diagnose.reduce.attempts import AttemptRunner, BudgetSpent
from tasnet2hef.diagnose.reduce.delta_debugging import ddmin, shortest_failing
from tasnet2hef.diagnose.reduce.prepare import is_weight, randomised
from tasnet2hef.diagnose.reduce.sizes import resized, sizes_of
from tasnet2hef.diagnose.reduce.subgraph import SourceGraph, source_graph, stored_tensors

Weights = Literal["none", "random", "own"]


@dataclass(frozen=True)
class SearchResult:
    """The smallest graph; ``minimal`` means that no node of it can be left out."""

    model: onnx.ModelProto
    minimal: bool
    weights: Weights


def search(prepared: onnx.ModelProto, attempts: AttemptRunner, where: str) -> SearchResult:
    """Return the smallest graph that shows the failure of ``attempts``.

    Raises:
        RefusedError: the failure is gone once the graph is rewritten, so its cause is the file, not the graph.
    """
    is_random, minimal = _rewrite(prepared, attempts, where), True
    try:
        _leave_out_nodes(attempts)
        while _shrink_sizes(attempts) and _leave_out_single_nodes(attempts):
            continue
        if not is_random and attempts.fails(randomised(attempts.smallest), "random weights"):
            is_random = True
            _leave_out_single_nodes(attempts)
    except BudgetSpent:
        minimal = False
    has_weights = any(is_weight(tensor) for tensor in stored_tensors(attempts.smallest.graph))
    weights: Weights = "none" if not has_weights else "random" if is_random else "own"
    return SearchResult(attempts.smallest, minimal, weights)


def _rewrite(prepared: onnx.ModelProto, attempts: AttemptRunner, where: str) -> bool:
    """Begin with random weights if the failure stays, else with the graph's own; return whether with random."""
    try:
        if attempts.fails(randomised(prepared), "rewritten, with random weights"):
            return True
        if attempts.fails(prepared, "rewritten"):
            return False
    except BudgetSpent:
        raise RefusedError(f"{where}: --max-attempts is spent before the first cut; allow 10 or more") from None
    raise RefusedError(
        f"{where}: fails ({attempts.failure}), but no longer once it is rewritten with static inputs and without "
        "metadata; what fails is how the file is written, not the graph"
    )


def _leave_out_nodes(attempts: AttemptRunner) -> None:
    """Leave out nodes: after the failing one, what it doesn't depend on, before it, and every other one."""
    source = source_graph(attempts.smallest)
    kept = list(source.nodes)
    length = shortest_failing(len(kept), lambda count: _fails(attempts, source, kept[:count], "first nodes"))
    kept = kept[:length]
    needed = source.ancestors(kept)
    if len(needed) < len(kept) and _fails(attempts, source, needed, "what the last node needs"):
        kept = needed
    length = shortest_failing(len(kept), lambda count: _fails(attempts, source, kept[-count:], "last nodes"))
    ddmin(kept[-length:], lambda places: _fails(attempts, source, places, "without some nodes"))


def _leave_out_single_nodes(attempts: AttemptRunner) -> bool:
    """Leave out single nodes; return whether any could be left out."""
    source = source_graph(attempts.smallest)
    kept = ddmin(source.nodes, lambda places: _fails(attempts, source, places, "without a node"), piece=1)
    return len(kept) < len(source.nodes)


def _fails(attempts: AttemptRunner, source: SourceGraph, places: Iterable[int], change: str) -> bool:
    try:
        candidate = source.cut(places)
    except GraphError:  # no graph can be cut there
        return False
    return attempts.fails(candidate, change)


def _shrink_sizes(attempts: AttemptRunner) -> bool:
    """Make every size 1, or halve it as often as the failure stays; return whether any changed."""
    before = attempts.smallest
    for size in sizes_of(before):
        if _fails_resized(attempts, size, 1):
            continue
        while size > 3 and _fails_resized(attempts, size, size // 2):
            size //= 2
    return attempts.smallest is not before


def _fails_resized(attempts: AttemptRunner, size: int, smaller: int) -> bool:
    if size not in sizes_of(attempts.smallest):
        return False
    try:
        candidate = resized(attempts.smallest, size, smaller)
    except GraphError:  # shapes no longer fit together
        return False
    return attempts.fails(candidate, f"size {size} to {smaller}")
