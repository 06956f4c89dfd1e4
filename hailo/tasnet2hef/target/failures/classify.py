"""Tells what a failure means: its cause, where that is known from, the fix and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.target.failures import next_commands, signatures
from tasnet2hef.target.failures.signature import Signature

UNKNOWN: Final = "unknown"
SHOWN_LINES: Final = 5
WORDS_LENGTH: Final = 300
CHECKPOINT: Final = "MODEL.pth"
CHECKPOINT_HINT: Final = f"  # {CHECKPOINT}: the checkpoint that the graph was exported from"


@dataclass(frozen=True)
class Situation:
    """The run that failed, as far as commands need it."""

    model: Path
    calibration: Path
    output: Path
    hardware: str
    script: Path | None = None
    log: Path | None = None
    seconds: float | None = None
    """Length of the graph's window; None for a graph that does not say."""
    chunk_frames: int | None = None
    """Frames of a stateful graph's chunk; None for a graph of windows."""
    checkpoint: str = ""
    """What the graph was exported from; empty where that is not known."""

    def fill(self, command: str) -> str:
        """Return a command with this run's paths; where it needs a checkpoint that is not known, a `#` says so."""
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
        """Return the option that halves what a run takes in."""
        frames = self.chunk_frames
        return f"--seconds {seconds / 2:.3g}" if frames is None else f"--stateful --chunk {max(1, frames // 2)}"


@dataclass(frozen=True)
class Explanation:
    """What a failure means. ``also`` are further signatures that its text holds."""

    signature: str
    rule: str
    cause: str
    fix: str
    grade: str
    source: str
    commands: tuple[str, ...]
    rung: str
    machine: bool
    words: str
    also: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "signature": self.signature,
            "rule": self.rule,
            "cause": self.cause,
            "fix": self.fix,
            "grade": self.grade,
            "source": self.source,
            "commands": list(self.commands),
            "rung": self.rung,
            "machine": self.machine,
            "words": self.words,
            "also": list(self.also),
        }


@lru_cache(maxsize=1)
def all_signatures() -> tuple[Signature, ...]:
    """Return every signature, in the order of their ids."""
    return tuple(module.SIGNATURE for module in modules_of(signatures))


def explain(stage: str, error: str, log: str, ended: str, situation: Situation) -> Explanation:
    """Explain a stage's failure from its exception, else from its end, else from its log.

    The exception's own words count before the log's, precise signatures before general ones, and of several the
    one whose words come first: what went wrong first is printed first.
    """
    spoken = error if ended == "exited" else f"{ended} in {stage}\n{error}"
    for general in (False, True):
        for text in (spoken, log):
            found = matching(text, general=general)
            if found:
                return _explanation(found, text, situation)
    return _unknown(spoken, log, situation)


def matching(text: str, *, general: bool = False) -> list[Signature]:
    """Return the signatures that a text holds, the one that speaks first in front."""
    places = [
        ((place[0], -place[1]), signature)
        for signature in all_signatures()
        if signature.general == general and (place := signature.place(text)) is not None
    ]
    return [signature for _, signature in sorted(places, key=lambda found: (found[0], found[1].id))]


def _explanation(found: Sequence[Signature], text: str, situation: Situation) -> Explanation:
    first = found[0]
    place = first.place(text)
    assert place is not None
    line = text[text.rfind("\n", 0, place[0]) + 1 :].split("\n", 1)[0]
    return Explanation(
        signature=first.id,
        rule=first.rule,
        cause=first.cause,
        fix=first.way_out,
        grade=first.proof.grade,
        source=first.proof.origin,
        commands=tuple(situation.fill(command) for command in first.commands),
        rung=first.rung,
        machine=first.machine,
        words=line.strip()[:WORDS_LENGTH],
        also=tuple(signature.id for signature in found[1:]),
    )


def _unknown(spoken: str, log: str, situation: Situation) -> Explanation:
    lines = [line.strip() for line in log.split("\n") if line.strip()][-SHOWN_LINES:]
    return Explanation(
        signature=UNKNOWN,
        rule="",
        cause="not a failure that is known here; the compiler's last words: " + " / ".join(lines or [spoken]),
        fix="read the log; check the graph; a shorter window is another graph and may pass",
        grade="inferred",
        source="no record of it",
        commands=tuple(
            situation.fill(command)
            for command in (next_commands.LOG, next_commands.CHECK, next_commands.EXPORT_SHORTER)
        ),
        rung="effort",
        machine=False,
        words=(spoken or (lines[-1] if lines else ""))[:WORDS_LENGTH],
    )
