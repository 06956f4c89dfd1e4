"""The search: weights go, then nodes from the end, the start and between, then sizes, until nothing can go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import onnx

from tasnet2hef.base.errors import GraphError, RefusedError
from tasnet2hef.diagnose.reduce.delta import minimised, shortest
from tasnet2hef.diagnose.reduce.preparation import is_weight, randomised
from tasnet2hef.diagnose.reduce.sizes import resized, sizes_of
from tasnet2hef.diagnose.reduce.subgraph import Subject, subject_of, tensors_of
from tasnet2hef.diagnose.reduce.trials import BudgetSpent, Trials

Weights = Literal["none", "random", "own"]


@dataclass(frozen=True)
class Found:
    """The smallest graph; ``minimal`` tells that no node of it can be left out."""

    model: onnx.ModelProto
    minimal: bool
    weights: Weights


def search(prepared: onnx.ModelProto, trials: Trials, where: str) -> Found:
    """Return the smallest graph that fails as ``trials`` looks for.

    Raises:
        RefusedError: the failure is gone once the graph is written anew, so it lies in the file, not in the graph.
    """
    is_random, minimal = _start(prepared, trials, where), True
    try:
        _fewest_nodes(trials)
        while _smallest_sizes(trials) and _single_nodes(trials):
            continue
        if not is_random and trials.fails(randomised(trials.best), "random weights"):
            is_random = True
            _single_nodes(trials)
    except BudgetSpent:
        minimal = False
    has_weights = any(is_weight(tensor) for tensor in tensors_of(trials.best.graph))
    weights: Weights = "none" if not has_weights else "random" if is_random else "own"
    return Found(trials.best, minimal, weights)


def _start(prepared: onnx.ModelProto, trials: Trials, where: str) -> bool:
    """Begin with random weights if the failure stays, else with the graph's own; tell which."""
    try:
        if trials.fails(randomised(prepared), "written anew, with random weights"):
            return True
        if trials.fails(prepared, "written anew"):
            return False
    except BudgetSpent:
        raise RefusedError(f"{where}: --max-attempts is spent before the first cut; allow 10 or more") from None
    raise RefusedError(
        f"{where}: fails ({trials.target}), but no more once it is written anew with static inputs and without "
        "metadata; what fails is how the file is written, not the graph"
    )


def _fewest_nodes(trials: Trials) -> None:
    """Leave out nodes: after the failing one, what it doesn't depend on, before it, and every other one."""
    subject = subject_of(trials.best)
    kept = list(subject.nodes)
    length = shortest(len(kept), lambda count: _still(trials, subject, kept[:count], "first nodes"))
    kept = kept[:length]
    needed = subject.ancestors(kept)
    if len(needed) < len(kept) and _still(trials, subject, needed, "what the last node needs"):
        kept = needed
    length = shortest(len(kept), lambda count: _still(trials, subject, kept[-count:], "last nodes"))
    minimised(kept[-length:], lambda places: _still(trials, subject, places, "without some nodes"))


def _single_nodes(trials: Trials) -> bool:
    """Leave out single nodes; tell whether any went."""
    subject = subject_of(trials.best)
    left = minimised(subject.nodes, lambda places: _still(trials, subject, places, "without a node"), piece=1)
    return len(left) < len(subject.nodes)


def _still(trials: Trials, subject: Subject, places: Iterable[int], change: str) -> bool:
    try:
        candidate = subject.cut(places)
    except GraphError:  # no graph can be cut there
        return False
    return trials.fails(candidate, change)


def _smallest_sizes(trials: Trials) -> bool:
    """Make every size 1, or halve it as often as the failure stays; tell whether any changed."""
    before = trials.best
    for size in sizes_of(before):
        if _resized(trials, size, 1):
            continue
        while size > 3 and _resized(trials, size, size // 2):
            size //= 2
    return trials.best is not before


def _resized(trials: Trials, size: int, smaller: int) -> bool:
    if size not in sizes_of(trials.best):
        return False
    try:
        candidate = resized(trials.best, size, smaller)
    except GraphError:  # it does not fit together then
        return False
    return trials.fails(candidate, f"size {size} to {smaller}")
