"""Runs stages one after the other, reuses recorded results and explains failures."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tasnet2hef.base.environments import package_environment
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.supervise.child import ChildEnd, Limits, run_child
from tasnet2hef.base.supervise.log import last_lines, tail
from tasnet2hef.base.workers.here import stop_if_given_up
from tasnet2hef.compiler.run_record import RECORD_NAME, RecordedFile, RunRecord, StageRecord, key_of
from tasnet2hef.compiler.stages.job import JOB_NAME, RESULT_NAME, StageJob, StageResult, read_result
from tasnet2hef.target.failures.classify import Situation, explain
from tasnet2hef.target.failures.facts import NOTHING_KNOWN, Facts
from tasnet2hef.target.failures.failure_report import REPORT_NAME, failure_report, is_worth_a_report

LOG_NAME: Final = "log.txt"
KEY_DIGITS: Final = 12
INTERRUPTED: Final = ("killed by SIGKILL", "killed by SIGTERM", "killed by SIGINT", "killed by SIGHUP")
"""Signals from outside (an administrator, the kernel's OOM killer): they have nothing to do with the inputs."""


class CompileDisplay(Protocol):
    """Shows the progress of a run."""

    def started(self, stage: str, log: Path) -> None:
        """Show that a stage has started."""

    def working(self, elapsed: float, line: str) -> None:
        """Show the last line of the stage's log, a few times a second."""

    def ended(self, record: StageRecord) -> None:
        """Show how a stage ended, or that its result is an earlier run's."""

    def note(self, text: str) -> None:
        """Show a note."""


class SilentDisplay:
    """Shows nothing, for a worker of a cluster, and ends a stage that nobody waits for any more."""

    def started(self, stage: str, log: Path) -> None:
        """Show nothing."""

    def working(self, elapsed: float, line: str) -> None:
        """Raise if the task was given up."""
        stop_if_given_up()

    def ended(self, record: StageRecord) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True)
class RunnerSettings:
    """Where and how stages run; explanations build their commands from ``situation``, and rest on ``facts``."""

    folder: Path
    python: str
    token: str
    memory_bytes: int
    seconds: Mapping[str, float]
    situation: Situation
    reuse_failures: bool = True
    """Whether a stage that failed is not tried again with the same inputs."""
    facts: Facts = NOTHING_KNOWN


class StageRunner:
    """Runs stages in a locked folder."""

    def __init__(self, settings: RunnerSettings, display: CompileDisplay) -> None:
        self.settings = settings
        self.display = display
        self.record = RunRecord(settings.folder)
        if self.record.damage:
            display.note(f"{settings.folder / RECORD_NAME}: {self.record.damage}; its stages run again")
        self.records: list[StageRecord] = []

    def run(self, job: StageJob, inputs: Mapping[str, Any], seconds: float | None = None) -> StageRecord:
        """Run a stage, or reuse its recorded result if its inputs (hashes, options, versions) are the same."""
        limit = self.settings.seconds[job.stage] if seconds is None else seconds
        key = key_of(job.stage, inputs)
        known = self.record.find(key)
        if known is not None and (known.done or self.settings.reuse_failures) and _is_reusable(known, limit):
            result = dataclasses.replace(known, reused=True)
            if not result.done:
                self.display.note(
                    f"{job.stage}: these inputs have failed before and are not tried again; remove "
                    f"{self.settings.folder / RECORD_NAME} to try them again"
                )
        else:
            result = self._work(job, key, limit)
            self.record.keep(result)
        self.records.append(result)
        self.display.ended(result)
        return result

    def probe(self, job: StageJob) -> StageRecord:
        """Run a stage whose result depends on the machine, not on inputs: it is never reused."""
        result = self._work(job, job.stage, self.settings.seconds[job.stage])
        self.records.append(result)
        self.display.ended(result)
        return result

    def knows_compiler(self, version: str) -> None:
        """Tell later explanations the compiler's version."""
        facts = dataclasses.replace(self.settings.facts, compiler=version)
        self.settings = dataclasses.replace(self.settings, facts=facts)

    def _work(self, job: StageJob, key: str, limit: float) -> StageRecord:
        folder = self.settings.folder / f"{job.stage}-{key[:KEY_DIGITS]}"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / LOG_NAME
        log.unlink(missing_ok=True)
        (folder / RESULT_NAME).unlink(missing_ok=True)
        dataclasses.replace(job, folder=str(folder), parent=os.getpid()).save(folder / JOB_NAME)
        self.display.started(job.stage, log)
        command = [
            self.settings.python,
            "-m",
            "tasnet2hef.compiler.stages.worker",
            job.stage,
            str(folder / JOB_NAME),
        ]
        limits = Limits(limit, self.settings.memory_bytes)
        end = run_child(command, package_environment(), log, limits, self.display.working, self.settings.token)
        result = read_result(folder / RESULT_NAME) if end.exited else None
        if result is None or result.error or end.exit_code:
            return self._failed(job.stage, key, limit, log, end, result)
        return StageRecord(
            stage=job.stage,
            key=key,
            outcome="done",
            seconds=end.seconds,
            log=self._relative(log),
            limit_seconds=limit,
            peak_bytes=end.peak_bytes,
            files={kind: self._file(folder / name) for kind, name in result.files.items()},
            facts=result.facts,
        )

    def _failed(
        self, stage: str, key: str, limit: float, log: Path, end: ChildEnd, result: StageResult | None
    ) -> StageRecord:
        error = result.error if result is not None else ""
        situation, printed = dataclasses.replace(self.settings.situation, log=log), tail(log)
        explanation = explain(stage, error, printed, end.ended, situation, self.settings.facts)
        if is_worth_a_report(explanation):
            report = failure_report(explanation, stage, f"{error}\n{printed}", self.settings.facts)
            (log.parent / REPORT_NAME).write_text(report, encoding="utf-8")
            self.display.note(f"{log.parent / REPORT_NAME} is a report of this failure, and says what to attach")
        return StageRecord(
            stage=stage,
            key=key,
            outcome="failed",
            seconds=end.seconds,
            log=self._relative(log),
            ended=end.ended if not end.exited or end.exit_code <= 1 else f"exit code {end.exit_code}",
            limit_seconds=limit,
            peak_bytes=end.peak_bytes,
            error=error or " / ".join(last_lines(log, 3)),
            failure=explanation,
        )

    def _file(self, path: Path) -> RecordedFile:
        return RecordedFile(self._relative(path), digest_of_file(path))

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.settings.folder).as_posix()


def _is_reusable(known: StageRecord, limit: float) -> bool:
    """Return whether a recorded result can be reused: a failure only if the inputs are its cause."""
    if known.done:
        return True
    if known.ended == "out of time":
        return limit <= known.limit_seconds
    return known.ended not in (*INTERRUPTED, "out of memory") and not (known.failure and known.failure.machine)


def interpreter(python: str) -> str:
    """Return the Python that stages run in: this one if ``python``, a name or a path, is empty.

    A path is made absolute without resolving links: a virtual environment is identified by its link.
    """
    if not python:
        return sys.executable
    return os.path.abspath(python) if os.sep in python else python
