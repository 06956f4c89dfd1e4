"""The answers of a probe: those of its journal and those that come, and what they say of each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.files import require_writable
from tasnet2hef.compiler.probe.cases import CONTROL, PreparedCase
from tasnet2hef.compiler.probe.journal import JOURNAL_NAME, append, read_journal, verdict_on
from tasnet2hef.compiler.probe.report import NOT_ANSWERED, CaseResult
from tasnet2hef.compiler.stages.runner import CompileDisplay
from tasnet2hef.compiler.verdicts import Answer, remember, today
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known.knowledge import STAGES, Verdict
from tasnet2hef.target.known.knowledge_file import Merged, knowledge_path, load_knowledge

OUT_OF_BUDGET: Final = "the budget of time is used up: run the same command again to go on"


class ProbeDisplay(CompileDisplay, Protocol):
    """Shows the progress of a probe."""

    def asking(self, case: str, stage: str, number: int, total: int) -> None:
        """Show which case is asked about now."""

    def answered(self, case: str, stage: str, answer: str) -> None:
        """Show an answer."""


class Answers:
    """All answers of one compiler about one chip; ``stopped_because`` is empty while there is more to ask.

    Raises:
        InputError: the journal or the knowledge file is damaged, or the latter can't be written.
    """

    def __init__(self, folder: Path, compiler: str, hardware: str, display: ProbeDisplay) -> None:
        self.compiler, self._hardware, self._display = compiler, hardware, display
        self.stopped_because = ""
        self._why: dict[str, str] = {}
        _require_readable_knowledge(compiler, hardware)
        self._journal = folder / JOURNAL_NAME
        self._rows = {row.id: row for row in read_journal(self._journal)}
        self._date = today()

    def keep(self, each: PreparedCase, stage: str, answer: Answer) -> bool:
        """Write an answer to the journal before the next one comes; return whether it is one.

        A failure of the control is none: where two convolutions fail, a failure says nothing about a graph.

        Raises:
            RefusedError: not even the first stage of the control was done.
        """
        self._display.answered(each.case.name, stage, answer.outcome or NOT_ANSWERED)
        if not answer.outcome or (each.case.name == CONTROL and answer.outcome != "pass"):
            self.leave_open(each, f"{stage}: {answer.why or answer.words}")
            if each.case.name == CONTROL:
                self._stop_without_control(stage, answer)
            return False
        row = verdict_on(each, stage, answer, self.compiler, self._hardware, self._date)
        append(self._journal, row)
        self._rows[row.id] = row
        return True

    def leave_open(self, each: PreparedCase, why: str) -> None:
        """Ask no more about a case."""
        self._why[each.key] = why

    def of(self, each: PreparedCase) -> dict[str, Verdict]:
        """Return what is known of a case, by the stage."""
        rows = [row for row in self._rows.values() if row.case == each.key and self._is_ours(row)]
        return {row.stage: row for row in rows}

    def is_decided(self, each: PreparedCase, stage: str) -> bool:
        """Return whether a stage was answered before, or an earlier one failed or has no answer."""
        answers = self.of(each)
        if stage in answers or any(not row.passed for row in answers.values()):
            return True
        return each.key in self._why

    def results(self, prepared: Sequence[PreparedCase]) -> tuple[CaseResult, ...]:
        """Return what happened to every case."""
        default = self.stopped_because or "not asked"
        return tuple(result_of(each, self.of(each), self._why.get(each.key, default)) for each in prepared)

    def save(self) -> Merged:
        """Add the answers about this compiler and chip to its knowledge file."""
        rows = [row for row in self._rows.values() if self._is_ours(row)]
        return remember(rows) if rows else Merged((), 0, ())

    def _stop_without_control(self, stage: str, answer: Answer) -> None:
        """Take back nothing, but ask no more.

        Raises:
            RefusedError: nothing was answered before.
        """
        words = answer.words or answer.why
        self.stopped_because = f"the control graph (two convolutions) failed in {stage}: {words}"
        if stage == STAGES[0]:
            raise RefusedError(f"probe: {self.stopped_because}; no answer can be believed, so none was kept")

    def _is_ours(self, row: Verdict) -> bool:
        return (row.dfc_version, row.hw_arch) == (self.compiler, self._hardware)


def result_of(each: PreparedCase, answers: Mapping[str, Verdict], why: str) -> CaseResult:
    """Return a case's result: failed in a stage, done up to its last one, or not answered."""
    case = each.case
    failed = next((row for row in answers.values() if not row.passed), None)
    decided = failed or answers.get(case.last)
    return CaseResult(
        name=case.name,
        rule=case.rule,
        operator=case.operator,
        example=case.example,
        last=case.last,
        predicted=each.predicted,
        findings=each.findings,
        happened=NOT_ANSWERED if decided is None else decided.outcome,
        stage=(list(answers) or [""])[-1] if decided is None else decided.stage,
        words=why if decided is None else decided.error or "",
    )


def _require_readable_knowledge(version: str, chip: str) -> None:
    """Refuse, before hours of work, a knowledge file that the answers could not be added to.

    Raises:
        InputError: it is damaged, or can't be written.
    """
    path = knowledge_path(version, chip)
    require_writable(path)
    if path.is_file():
        load_knowledge(path, rule_ids())
