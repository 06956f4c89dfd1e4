"""What is decided on the way, from facts alone: each decision with its reason in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.agreement import GOOD_BELOW_LOSS_DB
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.text import counted
from tasnet2hef.target.known.chip import caps_line
from tasnet2hef.target.resources import ResourceEstimate

KEEP: Final = "keep"
FREEZE: Final = "freeze"
DISTIL: Final = "distil"
STREAMING_NORMS: Final = frozenset({"bN", "identity", "cLN"})
"""Norms that need no statistics over time: constants, or those of single frames."""


@dataclass(frozen=True)
class Decision:
    """What was chosen, and why."""

    choice: str
    reason: str


@dataclass(frozen=True)
class Form:
    """One way to write the graph, and what `check` expects of it."""

    residual: str
    shift: str
    errors: int
    contexts: int
    layers: int
    macs: float
    caps: str = ""
    """Line of a model script that raises the caps; empty where the compiler's own do."""

    @classmethod
    def of(cls, residual: str, shift: str, errors: int, resources: ResourceEstimate) -> Form:
        """Return a form from a check's estimate; caps are raised where that makes a single context."""
        raised = resources.fit == "one context with raised caps" and resources.raised_cap is not None
        return cls(
            residual,
            shift,
            errors,
            resources.likely_contexts,
            resources.cost.compiled_layers,
            resources.cost.macs,
            caps_line(resources.raised_cap) if raised and resources.raised_cap is not None else "",
        )

    def __str__(self) -> str:
        """Return it in words."""
        return f"{counted(self.contexts, 'context')} and {counted(self.layers, 'layer')}"


def decide_norms(spec: TasNetSpec, *, distil: bool) -> Decision:
    """Decide what becomes of a net's norms: on the chip none can look at the whole clip, or at all of the past."""
    norms = sorted(set(spec.norms))
    named = " and ".join(norms)
    if STREAMING_NORMS.issuperset(norms):
        return Decision(KEEP, f"{named} {'needs' if len(norms) == 1 else 'need'} nothing over time; left as it is")
    need = "all frames before" if norms == ["cgLN"] else "the whole clip"
    if distil:
        return Decision(DISTIL, f"{named} needs {need}; a student with constants learns from the original")
    return Decision(FREEZE, f"{named} needs {need}; frozen to constants")


def choose_form(forms: Sequence[Form]) -> tuple[Form, str]:
    """Return the form with the fewest errors, contexts, layers and MACs, in this order, and why."""
    best = min(forms, key=lambda form: (form.errors, form.contexts, form.layers, form.macs))
    reason = f"residual {best.residual}, shift {best.shift}, layout tall: {best} likely"
    if best.caps:
        reason += ", with caps raised in the model script"
    others = {str(form): form for form in reversed(forms) if str(form) != str(best)}
    named = [f"{form.residual}, {form.shift}: {form}" for form in others.values()]
    return best, f"{reason} ({'; '.join(named)})" if named else reason


def decide_search(lost_db: float, wanted: bool | None) -> Decision:
    """Decide whether to search for layers that need 16 bits: minutes to hours, worth it where 8 bits cost much.

    >>> decide_search(0.2, None).choice, decide_search(0.9, None).choice, decide_search(0.9, False).choice
    ('keep', 'search', 'keep')
    """
    if wanted is False:
        return Decision(KEEP, "no search for 16-bit layers (--no-search)")
    if wanted or not lost_db < GOOD_BELOW_LOSS_DB:
        return Decision("search", "asked for" if wanted else f"more than {GOOD_BELOW_LOSS_DB} dB lost")
    return Decision(KEEP, f"less than {GOOD_BELOW_LOSS_DB} dB lost: 8 bits throughout")
