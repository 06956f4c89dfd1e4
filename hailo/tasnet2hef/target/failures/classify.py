"""Explains a failure of the compiler: its cause with its evidence, the fix and the next commands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from tasnet2hef.base.plain import plain
from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature, matching
from tasnet2hef.target.failures.tables import compiler_signatures

UNKNOWN: Final = "unknown"
SHOWN_LINES: Final = 5
WORDS_LENGTH: Final = 300
CHECKPOINT: Final = "MODEL.pth"
CHECKPOINT_HINT: Final = f"  # {CHECKPOINT}: the checkpoint that the graph was exported from"


@dataclass(frozen=True)
class Situation:
    """The paths and settings of a run, from which the commands of an explanation are filled."""

    model: Path
    calibration: Path
    output: Path
    hardware: str
    script: Path | None = None
    log: Path | None = None
    seconds: float | None = None
    """Length of the graph's window; None for a foreign graph."""
    chunk_frames: int | None = None
    """Frames of a stateful graph's chunk; None for a graph without state."""
    checkpoint: str = ""
    """The checkpoint that the graph was exported from; empty if that is not known."""

    def fill(self, command: str) -> str:
        """Return a command with this run's paths; a comment marks a checkpoint that is not known."""
        hint = CHECKPOINT_HINT if "{checkpoint}" in command and not self.checkpoint else ""
        again = self.model.parent / f"{self.model.stem}_again.onnx"
        seconds = 2.0 if self.seconds is None else self.seconds
        filled = command.format(
            model=shlex.quote(str(self.model)),
            calibration=shlex.quote(str(self.calibration)),
            output=shlex.quote(str(self.output)),
            hardware=self.hardware,
            script_option=f" --alls {shlex.quote(str(self.script))}" if self.script else "",
            log=shlex.quote(str(self.log)),
            again=shlex.quote(str(again)),
            seconds=f"{seconds:.3g}",
            shorter=self._shorter(seconds),
            checkpoint=shlex.quote(self.checkpoint or CHECKPOINT),
        )
        return filled + hint

    def _shorter(self, seconds: float) -> str:
        """Return the option that halves a window or a chunk."""
        frames = self.chunk_frames
        return f"--seconds {seconds / 2:.3g}" if frames is None else f"--stateful --chunk {max(1, frames // 2)}"


@dataclass(frozen=True)
class Explanation:
    """A failure, explained. ``words`` is the line that matched; ``also`` are further signatures that match."""

    signature: str
    rule: str
    cause: str
    fix: str
    grade: str
    source: str
    commands: tuple[str, ...]
    fallback: str
    machine: bool
    words: str
    also: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return cast(dict[str, Any], plain(self))


def explain(stage: str, error: str, log: str, ended: str, situation: Situation) -> Explanation:
    """Explain a stage's failure from its exception, else from how its process ended, else from its log.

    The exception's text counts before the log's, specific signatures before general ones, and of several the
    one that matches first: what went wrong first is printed first.
    """
    message = error if ended == "exited" else f"{ended} in {stage}\n{error}"
    for general in (False, True):
        for text in (message, log):
            signatures = compiler_failures_in(text, general=general)
            if signatures:
                return _explanation(signatures, text, situation)
    return _unknown(message, log, situation)


def compiler_failures_in(text: str, *, general: bool = False) -> list[Signature]:
    """Return the specific or the general signatures of the compiler that match a text, the first match first."""
    return matching([each for each in compiler_signatures() if each.general == general], text)


def _explanation(signatures: Sequence[Signature], text: str, situation: Situation) -> Explanation:
    first = signatures[0]
    span = first.first_match(text)
    assert span is not None
    line = text[text.rfind("\n", 0, span[0]) + 1 :].split("\n", 1)[0]
    return Explanation(
        signature=first.id,
        rule=first.rule,
        cause=first.cause,
        fix=first.remedy,
        grade=first.basis.grade,
        source=first.basis.citation,
        commands=tuple(situation.fill(command) for command in first.commands),
        fallback=first.fallback,
        machine=first.machine,
        words=line.strip()[:WORDS_LENGTH],
        also=tuple(signature.id for signature in signatures[1:]),
    )


def _unknown(message: str, log: str, situation: Situation) -> Explanation:
    lines = [line.strip() for line in log.split("\n") if line.strip()][-SHOWN_LINES:]
    return Explanation(
        signature=UNKNOWN,
        rule="",
        cause="not a known failure; the compiler's last lines: " + " / ".join(lines or [message]),
        fix="read the log; check the graph; a shorter window is another graph and may pass",
        grade="inferred",
        source="no record of it",
        commands=tuple(
            situation.fill(command)
            for command in (next_commands.LOG, next_commands.CHECK, next_commands.EXPORT_SHORTER)
        ),
        fallback="effort",
        machine=False,
        words=(message or (lines[-1] if lines else ""))[:WORDS_LENGTH],
    )
