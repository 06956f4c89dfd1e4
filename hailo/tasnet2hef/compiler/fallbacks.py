"""What is tried after a failure, told before the first try: bounded, and never the same thing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.classify import Situation

ATTEMPTS: Final = 3
ORDER: Final = ("as is", "contexts", "effort", "window", "segments", "stop")


@dataclass(frozen=True)
class Rung:
    """One try: ``script`` is added for the compile stage.

    A rung ``by_hand`` needs another graph, which a person makes; ``command`` does it where one command can.
    """

    id: str
    what: str
    why: str
    script: str = ""
    command: str = ""
    by_hand: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "rung": self.id,
            "what": self.what,
            "why": self.why,
            "script": self.script,
            "command": self.command,
            "by_hand": self.by_hand,
        }


def ladder(script: str, situation: Situation) -> tuple[Rung, ...]:
    """Return the rungs for a run, in their order; a setting that the user's script makes is left to it.

    ``effort`` stands without ``contexts``' line: each rung changes one thing against the first.
    """
    set_already = {statement.command for statement in parse_script(script)}
    levels = (("performance_param",), ("resources_param",))  # max can't stand with resources_param (3.33.0)
    rungs = [Rung("as is", "the graph and the model script as they are given", "nothing has failed yet")]
    if "context_switch_param" not in set_already:
        rungs.append(
            Rung(
                "contexts",
                "several contexts, loaded one after the other",
                "a net that does not fit the chip at once may fit in parts; each context costs a reload",
                script="context_switch_param(mode=enabled)",
            )
        )
    if not any(set_already.intersection(names) for names in levels):
        rungs.append(
            Rung(
                "effort",
                "the compiler's longest search",
                "a place for each layer may exist that the usual search does not find; takes hours",
                script="performance_param(compiler_optimization_level=max)",
            )
        )
    return (*rungs, *_by_hand(situation))


def _by_hand(situation: Situation) -> tuple[Rung, ...]:
    """Return the rungs that need the other environment."""
    return (
        Rung(
            "window",
            "half the window",
            "fewer rows to hold; another graph, exported where PyTorch is",
            command=situation.fill(next_commands.EXPORT_SHORTER),
            by_hand=True,
        ),
        Rung(
            "segments",
            "several HEFs of a few blocks each, chained on the host",
            "each part is a smaller net; they are cut where only the residual stream and the skip sum cross",
            command=situation.fill(next_commands.EXPORT_SEGMENTS),
            by_hand=True,
        ),
    )


def next_rung(rungs: Sequence[Rung], tried: Sequence[str], wanted: str) -> Rung | None:
    """Return the next rung after a failure; ``wanted`` is the first that can help, empty where none does.

    >>> rungs = (Rung("as is", "", ""), Rung("contexts", "", "", "a"), Rung("effort", "", "", "b"))
    >>> found = next_rung(rungs, ["as is"], "effort")
    >>> found.id if found else None
    'effort'
    """
    if not wanted:
        return None
    first = ORDER.index(wanted)
    left = [rung for rung in rungs if rung.id not in tried and ORDER.index(rung.id) >= first]
    return left[0] if left else None
