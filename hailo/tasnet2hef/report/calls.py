"""How a run can be made again: each command line once, with all stages that it went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasnet2hef.report.facts import RunFacts
from tasnet2hef.report.pipeline_rows import TITLES


@dataclass(frozen=True)
class Call:
    """One command line: the titles of its stages, when it ended, and what it worked with and on."""

    command: str
    titles: tuple[str, ...]
    written: str
    versions: Mapping[str, str]
    digests: Mapping[str, str]
    """SHA-256 by file name, the graph's first."""


def calls(facts: RunFacts) -> tuple[Call, ...]:
    """Return the command lines in the order of their first stages."""
    found: dict[str, Call] = {}
    for stage, each in facts.stages.items():
        graph = {f"{facts.name}.onnx": each.graph_digest} if each.graph_digest else {}
        digests = {**graph, **each.digests}
        before = found.get(each.command, Call(each.command, (), "", {}, {}))
        found[each.command] = Call(
            each.command,
            (*before.titles, TITLES[stage]),
            max(before.written, each.written),
            {**before.versions, **each.versions},
            {**before.digests, **digests},
        )
    return tuple(found.values())
