"""Explains a failure of the compiler: its cause with its evidence, the fix and the next commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from tasnet2hef.base.plain import plain
from tasnet2hef.base.supervise.log import clean
from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.facts import NOTHING_KNOWN, Case, Facts
from tasnet2hef.target.failures.logs import after_success, ends_well, holds_failure
from tasnet2hef.target.failures.message import SHOWN_LENGTH, error_line, line_at, read_message
from tasnet2hef.target.failures.remarks import filled, remarks_on
from tasnet2hef.target.failures.signature import LEVELS, Level, Signature, matching
from tasnet2hef.target.failures.tables import compiler_signatures, runtime_signatures
from tasnet2hef.target.rules.framework.finding import STAGES

UNKNOWN: Final = "unknown"
NO_FAILURE: Final = "no-failure"
SHOWN_LINES: Final = 5
CHECKPOINT: Final = "MODEL.pth"
CHECKPOINT_HINT: Final = f"  # {CHECKPOINT}: the checkpoint that the graph was exported from"
_CRASHES: Final = ("crash", "native-assertion")
_EXPLAIN_A_CRASH: Final = (*_CRASHES, "shortcut-crash", "opset-adapter", "out-of-memory", "out-of-time")
_NEEDS_A_CHECKPOINT: Final = "{checkpoint}"


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
    ends: str = "chip"
    """Where the encoder and the decoders of the net run: ``chip`` or ``host``."""

    def fill(self, command: str) -> str:
        """Return a command with this run's paths; a comment marks a checkpoint that is not known."""
        hint = CHECKPOINT_HINT if "{checkpoint}" in command and not self.checkpoint else ""
        again = self.model.parent / f"{self.model.stem}_again.onnx"
        seconds = 2.0 if self.seconds is None else self.seconds
        filled_in = command.format(
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
        return filled_in + hint

    def _shorter(self, seconds: float) -> str:
        """Return the options that halve a window or a chunk, and leave the ends where they are."""
        if self.chunk_frames is not None:
            return f"--stateful --chunk {max(1, self.chunk_frames // 2)}"
        return f"--seconds {seconds / 2:.3g}{' --ends host' if self.ends == 'host' else ''}"


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
    node: str = ""
    """The ONNX node that the message names, or from which the layer that it names was made."""
    operator: str = ""
    layer: str = ""
    reason: str = ""
    """What the message gives as its reason."""

    @property
    def known(self) -> bool:
        """Return whether the failure was recognised."""
        return self.signature != UNKNOWN

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return cast(dict[str, Any], plain(self))

    def summary(self) -> dict[str, Any]:
        """Return what `explain` prints, as plain JSON values; ``node`` is null where none is named."""
        return {
            "signature": self.signature,
            "known": self.known,
            "cause": self.cause,
            "fix": self.fix,
            "grade": self.grade,
            "evidence": self.source,
            "node": self.node or None,
            "commands": list(self.commands),
        }


def explain(
    stage: str, error: str, log: str, ended: str, situation: Situation, facts: Facts = NOTHING_KNOWN
) -> Explanation:
    """Explain a stage's failure from its exception, else from how its process ended, else from its log.

    What names a cause counts before what only names a consequence, the exception's text before the log's, and of
    several the one that matches first: what went wrong first is printed first. A cause that the facts rule out is
    not told. An empty stage is one that is not known.
    """
    message = clean(error if ended == "exited" else f"{ended} in {stage}\n{error}")
    log = clean(log)
    texts, only_crashes = (message, log), _crashed(message) or _crashed(log)
    for level in LEVELS:
        for text in texts if level != "note" or _says_nothing(message) else texts[:1]:
            told = _told(level, text, stage, facts, only_crashes)
            if told:
                further = _told("symptom", text, stage, facts, only_crashes) if level == "cause" else []
                return _explanation([*told, *further], situation)
    return _unknown(message, log, Case(stage=stage, facts=facts, text=message), situation)


def explain_log(text: str, stage: str, situation: Situation, facts: Facts = NOTHING_KNOWN) -> Explanation:
    """Explain a log that somebody else's run left; one without a failure is said to hold none."""
    recent = after_success(text)
    explained = explain(stage, recent, "", "exited", situation, facts)
    if explained.known and explained.signature not in _notes():
        return explained
    if ends_well(text):
        return explained if explained.known and recent == text else _no_failure(situation)
    if explained.known and not holds_failure(text):
        return explained
    return _unknown("", recent, Case(stage=stage, facts=facts, text=recent), situation)


def _notes() -> frozenset[str]:
    return frozenset(signature.id for signature in compiler_signatures() if signature.tells == "note")


def compiler_failures_in(text: str) -> list[Signature]:
    """Return the compiler's signatures that match a text and tell most, the first match first."""
    for level in LEVELS:
        found = matching([each for each in compiler_signatures() if each.tells == level], text)
        if found:
            return found
    return []


def _told(level: Level, text: str, stage: str, facts: Facts, only_crashes: bool) -> list[tuple[Signature, Case]]:
    """Return the signatures of one level that match and that the facts allow, each with its case."""
    matches = []
    for signature in _signatures(stage):
        left_out = signature.tells != level or (only_crashes and signature.id not in _EXPLAIN_A_CRASH)
        span = None if left_out else signature.first_match(text)
        if span is None:
            continue
        around = text[max(0, span[0] - 2_000) : span[0] + 4_000]
        case = Case(stage, read_message(line_at(text, span[0])), facts, around)
        told = signature.told_in(case)
        if told is not None:
            sure = told.holds is not None and told.holds(case) is True
            matches.append(((span[0], -span[1], not sure, signature.id), told, case))
    return [(told, case) for _, told, case in sorted(matches, key=lambda match: match[0])]


def _says_nothing(message: str) -> bool:
    """Return whether an exception's text is empty, or only says that a program ended."""
    return not message.strip() or message.strip().startswith("SystemExit")


def _signatures(stage: str) -> Iterable[Signature]:
    """Return the signatures of a stage: HailoRT's too, unless the stage is one of the compiler's alone."""
    compilers = compiler_signatures()
    taken = {signature.id for signature in compilers}
    runtimes = [signature for signature in runtime_signatures() if signature.id not in taken]
    return [*runtimes, *compilers] if stage not in STAGES[:-1] else [*compilers, *runtimes]


def _crashed(text: str) -> bool:
    """Return whether a text speaks of a crash: what was printed before did not stop the run."""
    crashes = [signature for signature in compiler_signatures() if signature.id in _CRASHES]
    return any(crash.first_match(text) for crash in crashes)


def _explanation(told: Sequence[tuple[Signature, Case]], situation: Situation) -> Explanation:
    first, case = told[0]
    message = case.message
    layer = case.layer
    node = message.node or (layer.onnx[0].name if layer is not None and layer.onnx else "")
    return Explanation(
        signature=first.id,
        rule=first.rule,
        cause="; ".join([filled(first.cause, case), *remarks_on(case, first)]),
        fix=filled(first.remedy, case),
        grade=first.basis.grade,
        source=first.basis.citation,
        commands=_commands(first.commands, case.facts, situation),
        fallback=first.fallback,
        machine=first.machine,
        words=message.line,
        also=tuple(dict.fromkeys(each.id for each, _ in told[1:] if each.patterns != first.patterns)),
        node=node,
        operator=message.operator,
        layer=message.layer,
        reason=message.reason,
    )


def _commands(commands: Sequence[str], facts: Facts, situation: Situation) -> tuple[str, ...]:
    """Fill in the commands that make sense for this graph: no `--layout tall` for a tall one."""

    def helps(command: str) -> bool:
        if command == next_commands.EXPORT_TALL and facts.layout == "tall":
            return False
        return _NEEDS_A_CHECKPOINT not in command or facts.own is not False

    useful = [command for command in commands if helps(command)] or [next_commands.CHECK]
    return tuple(situation.fill(command) for command in useful)


def _no_failure(situation: Situation) -> Explanation:
    return Explanation(
        signature=NO_FAILURE,
        rule="",
        cause="the log holds no failure: no error, and no message that is known to stop a run",
        fix="nothing to mend here; if something failed, give the log of that stage",
        grade="inferred",
        source="the log itself",
        commands=(situation.fill(next_commands.LOG),),
        fallback="",
        machine=False,
        words="",
    )


def _unknown(message: str, log: str, case: Case, situation: Situation) -> Explanation:
    """Say that a failure is not known, keep its text, and name the command that prepares a report of it."""
    lines = [line.strip() for line in log.split("\n") if line.strip()][-SHOWN_LINES:]
    read = read_message(error_line(message if message.strip() else log))
    last = " / ".join(line[:SHOWN_LENGTH] for line in lines)
    shown = f"{read.line}{f'; its last lines: {last}' if last and last != read.line else ''}"
    commands = (next_commands.LOG, next_commands.CHECK, next_commands.REPORT)
    return Explanation(
        signature=UNKNOWN,
        rule="",
        cause="; ".join([f"not a known failure: {shown}", *remarks_on(case, None)]),
        fix="read the log; report the failure: the last command writes what to send, without weights and private "
        "paths",
        grade="inferred",
        source="no record of it",
        commands=tuple(situation.fill(command) for command in commands),
        fallback="",
        machine=False,
        words=read.line,
        node=read.node,
        operator=read.operator,
        layer=read.layer,
        reason=read.reason,
    )
