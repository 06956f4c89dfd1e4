"""The search: random weights, fewer nodes at the end, at the start and in between, then smaller sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import onnx

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.diagnose.reduce.attempts import AttemptRunner, BudgetSpent, Candidate
from tasnet2hef.diagnose.reduce.delta_debugging import ddmin, shortest_failing
from tasnet2hef.diagnose.reduce.prepare import is_weight, randomised
from tasnet2hef.diagnose.reduce.shrinking import Resizing, shrinking
from tasnet2hef.diagnose.reduce.subgraph import source_graph, stored_tensors
from tasnet2hef.diagnose.reduce.trials import Trials

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


def first_candidates(prepared: onnx.ModelProto) -> Iterator[Candidate]:
    """Yield what the search asks about first: the graph with random weights."""
    yield randomised(prepared), "rewritten, with random weights"


def _rewrite(prepared: onnx.ModelProto, attempts: AttemptRunner, where: str) -> bool:
    """Begin with random weights if the failure stays, else with the graph's own; return whether with random."""
    try:
        ((model, change),) = first_candidates(prepared)
        if attempts.fails(model, change):
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
    first = Trials[int](attempts, lambda count: source.cut(kept[:count]), "first nodes")
    kept = kept[: shortest_failing(len(kept), first.fails, first.ahead)]
    needed = source.ancestors(kept)
    if len(needed) < len(kept) and Trials(attempts, source.cut, "what the last node needs").fails(needed):
        kept = needed
    last = Trials[int](attempts, lambda count: source.cut(kept[-count:]), "last nodes")
    length = shortest_failing(len(kept), last.fails, last.ahead)
    some = Trials(attempts, source.cut, "without some nodes")
    ddmin(kept[-length:], some.fails, some.ahead)


def _leave_out_single_nodes(attempts: AttemptRunner) -> bool:
    """Leave out single nodes; return whether any could be left out."""
    source = source_graph(attempts.smallest)
    single = Trials(attempts, source.cut, "without a node")
    kept = ddmin(source.nodes, single.fails, single.ahead, piece=1)
    return len(kept) < len(source.nodes)


def _shrink_sizes(attempts: AttemptRunner) -> bool:
    """Make every size 1, or halve it as often as the failure stays; return whether any changed."""
    before, state = attempts.smallest, shrinking(attempts.smallest)
    sizes = Trials(attempts, Resizing.made)
    while (change := state.question) is not None:
        sizes.ahead(state)
        state = state.after(sizes.fails(change))
    return attempts.smallest is not before
