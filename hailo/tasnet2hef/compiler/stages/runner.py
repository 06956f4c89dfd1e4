"""Runs stages one after the other: known results are taken, new ones are made, failures are explained."""

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
from tasnet2hef.compiler.run_record import RECORD_NAME, RunRecord, StageRecord, key_of
from tasnet2hef.compiler.stages.job import JOB_NAME, RESULT_NAME, StageJob, StageResult, read_result
from tasnet2hef.target.failures.classify import Situation, explain

LOG_NAME: Final = "log.txt"
KEY_DIGITS: Final = 12
INTERRUPTED: Final = ("killed by SIGKILL", "killed by SIGTERM", "killed by SIGINT", "killed by SIGHUP")
"""Ends that came from outside (an administrator, the kernel's memory killer): they say nothing of the input."""


class Display(Protocol):
    """Shows how a run goes on."""

    def started(self, stage: str, log: Path) -> None:
        """Say that a stage begins."""

    def working(self, elapsed: float, line: str) -> None:
        """Say what the stage's log says, a few times a second."""

    def ended(self, record: StageRecord) -> None:
        """Say how a stage ended, or that an earlier run had done it."""

    def note(self, text: str) -> None:
        """Say something else."""


@dataclass(frozen=True)
class Setting:
    """Where and how stages run; ``situation`` is what the commands in explanations are made of."""

    folder: Path
    python: str
    token: str
    memory_bytes: int
    seconds: Mapping[str, float]
    situation: Situation


class StageRunner:
    """Runs stages in a folder that is locked."""

    def __init__(self, setting: Setting, display: Display) -> None:
        self.setting = setting
        self.display = display
        self.record = RunRecord(setting.folder)
        self.records: list[StageRecord] = []

    def run(self, job: StageJob, inputs: Mapping[str, Any], seconds: float | None = None) -> StageRecord:
        """Return a stage's result, from the record where its inputs (hashes, options, versions) are the same."""
        limit = self.setting.seconds[job.stage] if seconds is None else seconds
        key = key_of(job.stage, inputs)
        known = self.record.find(key)
        if known is not None and _still_holds(known, limit):
            found = dataclasses.replace(known, reused=True)
            if not found.done:
                self.display.note(
                    f"{job.stage}: these inputs have failed before and are not tried again; remove "
                    f"{self.setting.folder / RECORD_NAME} to try all the same"
                )
        else:
            found = self._work(job, key, limit)
            self.record.keep(found)
        self.records.append(found)
        self.display.ended(found)
        return found

    def probe(self, job: StageJob) -> StageRecord:
        """Run a stage whose result depends on the machine, not on inputs: it is asked again each time."""
        found = self._work(job, job.stage, self.setting.seconds[job.stage])
        self.records.append(found)
        self.display.ended(found)
        return found

    def _work(self, job: StageJob, key: str, limit: float) -> StageRecord:
        folder = self.setting.folder / f"{job.stage}-{key[:KEY_DIGITS]}"
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / LOG_NAME
        log.unlink(missing_ok=True)
        (folder / RESULT_NAME).unlink(missing_ok=True)
        dataclasses.replace(job, folder=str(folder), parent=os.getpid()).save(folder / JOB_NAME)
        self.display.started(job.stage, log)
        command = [
            self.setting.python,
            "-m",
            "tasnet2hef.compiler.stages.worker",
            job.stage,
            str(folder / JOB_NAME),
        ]
        limits = Limits(limit, self.setting.memory_bytes)
        end = run_child(command, package_environment(), log, limits, self.display.working, self.setting.token)
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
        explanation = explain(
            stage, error, tail(log), end.ended, dataclasses.replace(self.setting.situation, log=log)
        )
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

    def _file(self, path: Path) -> dict[str, str]:
        return {"path": self._relative(path), "sha256": digest_of_file(path)}

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.setting.folder).as_posix()


def _still_holds(known: StageRecord, limit: float) -> bool:
    """Tell whether a result stands: one that failed is not tried again unless something outside has changed."""
    if known.done:
        return True
    if known.ended == "out of time":
        return limit <= known.limit_seconds
    return known.ended not in (*INTERRUPTED, "out of memory") and not (known.failure and known.failure.machine)


def interpreter(given: str) -> str:
    """Return the Python that stages run in: this one unless another is given, by name or path.

    A path is made absolute and its links are kept: a virtual environment is known by its link.
    """
    if not given:
        return sys.executable
    return os.path.abspath(given) if os.sep in given else given
