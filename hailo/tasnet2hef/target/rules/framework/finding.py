"""A finding: one place of a graph that the compiler is known to refuse, or that is costly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from tasnet2hef.base.plain import plain
from tasnet2hef.target.known.evidence import Grade

Level = Literal["error", "warning", "note"]
Stage = Literal["translate", "optimize", "compile", "runtime"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
STAGES: tuple[Stage, ...] = ("translate", "optimize", "compile", "runtime")


@dataclass(frozen=True)
class Finding:
    """What one rule found at one place of a graph.

    `layer` is the compiler's name of the layer (empty for the whole graph), `nodes` the ONNX nodes it came
    from; `message` holds the limit and the value found; `source` is the source of the limit.
    """

    rule: str
    level: Level
    stage: Stage
    layer: str
    nodes: tuple[str, ...]
    message: str
    grade: Grade
    source: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return cast(dict[str, Any], plain(self))


def weakest(*levels: Level) -> Level:
    """Return the least severe of some levels.

    >>> weakest("error", "warning")
    'warning'
    """
    return max(levels, key=LEVELS.index)
