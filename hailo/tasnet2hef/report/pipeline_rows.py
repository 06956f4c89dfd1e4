"""A run's steps as rows: status, time and command of each; and the command lines that reproduce the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.base.agreement import STATUS
from tasnet2hef.base.outcome import DONE, ERROR, NOT_COMPILED, NOT_RUN, OK, WARNING, Status
from tasnet2hef.report.facts import STEPS, RunFacts
from tasnet2hef.target.check import count_in_words
from tasnet2hef.target.rules.framework.finding import LEVELS

TITLES: Final[Mapping[str, str]] = {
    "export": "Export to ONNX",
    "check": "Check",
    "simulate": "8-bit simulation",
    "compile": "Compile",
    "audio": "Listen",
}


@dataclass(frozen=True)
class PipelineRow:
    """One step, or one stage of the compiler."""

    title: str
    text: str
    """The status in words."""
    status: Status
    seconds: float | None
    written: str = ""
    command: str = ""
    """The command that was run; empty for a step that was not."""
    is_part: bool = False


@dataclass(frozen=True)
class Call:
    """One command line: the titles of its steps, when it ended, package versions and input files."""

    command: str
    titles: tuple[str, ...]
    written: str
    versions: Mapping[str, str]
    digests: Mapping[str, str]
    """SHA-256 by file name, the graph's first."""


def pipeline_rows(facts: RunFacts) -> tuple[PipelineRow, ...]:
    """Return all steps in order; the compiler's stages are rows of their own."""
    return tuple(row for step in STEPS for row in _rows(facts, step))


def calls(facts: RunFacts) -> tuple[Call, ...]:
    """Return each command line once, with all its steps, in the order of their first steps."""
    by_command: dict[str, Call] = {}
    for step, saved in facts.steps.items():
        graph = {f"{facts.name}.onnx": saved.graph_digest} if saved.graph_digest else {}
        digests = {**graph, **saved.digests}
        earlier = by_command.get(saved.command, Call(saved.command, (), "", {}, {}))
        by_command[saved.command] = Call(
            saved.command,
            (*earlier.titles, TITLES[step]),
            max(earlier.written, saved.written),
            {**earlier.versions, **saved.versions},
            {**earlier.digests, **digests},
        )
    return tuple(by_command.values())


def _rows(facts: RunFacts, step: str) -> Iterator[PipelineRow]:
    if step not in facts.steps:
        yield PipelineRow(TITLES[step], "not run yet", NOT_RUN, None)
        return
    saved = facts.steps[step]
    text, status = _state(step, saved.result)
    if facts.is_stale(step):
        text, status = f"{text}; of an earlier graph, run it again", WARNING
    yield PipelineRow(TITLES[step], text, status, saved.seconds, _moment(saved.written), saved.command)
    stages = saved.result["stages"] if step == "compile" and saved.result["outcome"] != NOT_COMPILED else ()
    for stage in stages:
        text = f"{stage['outcome']}{', reused' if stage['reused'] else ''}"
        status = OK if stage["outcome"] == DONE else ERROR
        yield PipelineRow(stage["stage"], text, status, stage["seconds"], is_part=True)


def _moment(written: str) -> str:
    """Return a moment to the second.

    >>> _moment("2026-01-02T03:04:05.678+00:00")
    '2026-01-02 03:04:05 UTC'
    """
    return f"{written[:19].replace('T', ' ')} UTC"


def _state(step: str, result: Mapping[str, Any]) -> tuple[str, Status]:
    if step == "export" and result.get("zero_padding_db") is not None:
        return f"done; zero padding at {result['zero_padding_db']:.1f} dB", WARNING
    if step == "check":
        levels = [finding["level"] for finding in result["findings"]]
        status: Status = ERROR if "error" in levels else WARNING if "warning" in levels else OK
        return count_in_words(levels, LEVELS), status
    if step == "compile":
        outcome = str(result["outcome"])
        return outcome, OK if outcome == DONE else WARNING if outcome == NOT_COMPILED else ERROR
    if step == "simulate" and "verdict" in result:
        return f"8 bits {result['verdict']}", STATUS[result["verdict"]]
    return "done", OK
