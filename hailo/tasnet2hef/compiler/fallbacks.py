"""Fallback settings for the compile stage: announced before the first try, bounded, each tried at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.base.plain import plain
from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.known.chip import caps_line
from tasnet2hef.target.resources import ResourceEstimate

ATTEMPTS: Final = 4
ORDER: Final = ("as is", "caps", "contexts", "effort", "window", "segments", "stop")


@dataclass(frozen=True)
class Fallback:
    """One setting to try: ``script`` is added for the compile stage.

    A ``manual`` one needs a different graph, which the user exports; ``command`` does it, if one command can.
    """

    id: str
    what: str
    why: str
    script: str = ""
    command: str = ""
    manual: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values: dict[str, Any] = plain(self)
        return values


def fallbacks_for(script: str, situation: Situation, resources: ResourceEstimate) -> tuple[Fallback, ...]:
    """Return the settings to try in a run, in order, the unchanged script first.

    Commands that the user's script contains are never added. Each setting differs from the first in one line:
    ``effort`` does not include the line of ``contexts``. Raised caps are offered where one context likely holds
    the net.
    """
    set_already = {statement.command for statement in parse_script(script)}
    levels = (("performance_param",), ("resources_param",))  # max excludes resources_param (3.33.0)
    fallbacks = [Fallback("as is", "the graph and the model script as they are given", "nothing has failed yet")]
    if resources.fit != "several contexts" and not any(set_already.intersection(names) for names in levels):
        fallbacks.append(
            Fallback(
                "caps",
                "one context that may use more of the chip than by default",
                "contexts of up to 95 % of the layer controllers are on record; nothing is reloaded",
                script=caps_line(resources.raised_cap or resources.chip.raised_layer_cap.value),
            )
        )
    if "context_switch_param" not in set_already:
        fallbacks.append(
            Fallback(
                "contexts",
                "several contexts, loaded one after the other",
                "a net that does not fit the chip at once may fit in parts; each context costs a reload",
                script="context_switch_param(mode=enabled)",
            )
        )
    if not any(set_already.intersection(names) for names in levels):
        fallbacks.append(
            Fallback(
                "effort",
                "the compiler's longest search",
                "may find a placement that the default search misses; takes hours",
                script="performance_param(compiler_optimization_level=max)",
            )
        )
    return (*fallbacks, *_manual_fallbacks(situation))


def _manual_fallbacks(situation: Situation) -> tuple[Fallback, ...]:
    """Return the fallbacks that need the environment with PyTorch."""
    return (
        Fallback(
            "window",
            "half the window",
            "fewer rows to buffer; a different graph, exported in the environment with PyTorch",
            command=situation.fill(next_commands.EXPORT_SHORTER),
            manual=True,
        ),
        Fallback(
            "segments",
            "several HEFs of a few blocks each, chained on the host",
            "each part is a smaller net; they are cut where only the residual stream and the skip sum cross",
            command=situation.fill(next_commands.EXPORT_SEGMENTS),
            manual=True,
        ),
    )


def next_fallback(fallbacks: Sequence[Fallback], tried: Sequence[str], wanted: str) -> Fallback | None:
    """Return the next setting after a failure; ``wanted`` is the first that can help, empty where none can.

    Where several contexts can help, raised caps are tried before: they cost nothing when the HEF runs.

    >>> fallbacks = (Fallback("as is", "", ""), Fallback("contexts", "", "", "a"), Fallback("effort", "", "", "b"))
    >>> fallback = next_fallback(fallbacks, ["as is"], "effort")
    >>> fallback.id if fallback else None
    'effort'
    """
    if not wanted:
        return None
    first = ORDER.index("caps" if wanted == "contexts" else wanted)
    left = [fallback for fallback in fallbacks if fallback.id not in tried and ORDER.index(fallback.id) >= first]
    return left[0] if left else None
