"""The way from checkpoint to chip as rows: what has run, how long it took, and how to run what has not."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.report.facts import STAGES, RunFacts
from tasnet2hef.report.verdict import Kind

TITLES: Final[Mapping[str, str]] = {
    "export": "Export to ONNX",
    "check": "Check",
    "simulation": "8-bit simulation",
    "compile": "Compile",
    "audio": "Listen",
}
_COMMANDS: Final[Mapping[str, str]] = {
    "export": "tasnet2hef convert MODEL.pth -o {graph}",
    "check": "tasnet2hef check {graph}",
    "simulation": "tasnet2hef simulate {graph} calib.npz",
    "compile": "tasnet2hef compile {graph} --calib calib.npz",
    "audio": "tasnet2hef report {graph} --recording mixture.wav --calib calib.npz",
}


@dataclass(frozen=True)
class PipelineRow:
    """One stage, or a part of one; ``kind`` is empty where it has not run."""

    title: str
    state: str
    kind: Kind | str
    seconds: float | None
    written: str = ""
    command: str = ""
    """What was called, or what is to be called."""
    is_part: bool = False


def pipeline_rows(facts: RunFacts) -> tuple[PipelineRow, ...]:
    """Return all stages in their order, those of the compiler on their own."""
    return tuple(row for stage in STAGES for row in _rows(facts, stage))


def command_for(stage: str, graph: str) -> str:
    """Return the command that runs a stage.

    >>> command_for("check", "a b.onnx")
    "tasnet2hef check 'a b.onnx'"
    """
    return _COMMANDS[stage].format(graph=shlex.quote(graph))


def _rows(facts: RunFacts, stage: str) -> Iterator[PipelineRow]:
    if stage not in facts.stages:
        yield PipelineRow(TITLES[stage], "not run yet", "", None, command=command_for(stage, f"{facts.name}.onnx"))
        return
    found = facts.stages[stage]
    state, kind = _state(stage, found.told)
    if facts.is_stale(stage):
        state, kind = f"{state}; of an earlier graph, run it again", "warn"
    yield PipelineRow(TITLES[stage], state, kind, found.seconds, _moment(found.written), found.command)
    for part in found.told["stages"] if stage == "compile" else ():
        good = part["outcome"] == "done"
        state = f"{part['outcome']}{', reused' if part['reused'] else ''}"
        yield PipelineRow(part["stage"], state, "good" if good else "bad", part["seconds"], is_part=True)


def _moment(written: str) -> str:
    """Return a moment to the second.

    >>> _moment("2026-01-02T03:04:05.678+00:00")
    '2026-01-02 03:04:05 UTC'
    """
    return f"{written[:19].replace('T', ' ')} UTC"


def _state(stage: str, told: Mapping[str, Any]) -> tuple[str, Kind]:
    if stage == "check":
        levels = [finding["level"] for finding in told["findings"]]
        counts = [f"{levels.count(level)} {level}s" for level in ("error", "warning", "note") if level in levels]
        kind: Kind = "bad" if "error" in levels else "warn" if "warning" in levels else "good"
        return ", ".join(counts) or "no findings", kind
    if stage == "compile":
        outcome = str(told["outcome"])
        return outcome, "good" if outcome == "done" else "warn" if outcome == "not compiled" else "bad"
    return "done", "good"
