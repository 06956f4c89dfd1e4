"""Asks the compiler of this machine, stage by stage: the cheapest answers come first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.base.outcome import NO_COMPILER
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.options import MEMORY_SHARE
from tasnet2hef.compiler.probe.answers import OUT_OF_BUDGET, Answers, ProbeDisplay
from tasnet2hef.compiler.probe.cases import PreparedCase
from tasnet2hef.compiler.probe.jobs import Jobs
from tasnet2hef.compiler.probe.options import ProbeOptions
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.compiler.stages.runner import RunnerSettings, StageRunner, interpreter
from tasnet2hef.compiler.verdicts import Answer, answer_of
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.known.knowledge import STAGES
from tasnet2hef.target.known.knowledge_file import knowledge_path
from tasnet2hef.target.known.releases import wrong_chip


class Here:
    """The compiler of this machine, in a probe's locked folder.

    Raises:
        OptionError: there is none, or it does not compile for the chip.
    """

    def __init__(self, options: ProbeOptions, folder: Path, token: str, display: ProbeDisplay) -> None:
        self._options, self._folder, self._display = options, folder, display
        self._deadline = time.monotonic() + options.seconds
        self._runner = StageRunner(settings_of(options, folder, token), display)
        versions = self._runner.probe(StageJob(stage="versions", folder=""))
        self.compiler = require_compiler(versions, options.hardware, interpreter(options.python))
        self._jobs = Jobs(folder, options.hardware, {**versions.facts, "tasnet2hef": __version__})

    def ask(self, prepared: Sequence[PreparedCase], answers: Answers) -> None:
        """Ask about all cases."""
        for stage in STAGES:
            asked = [each for each in prepared if STAGES.index(each.case.last) >= STAGES.index(stage)]
            for number, each in enumerate(asked, start=1):
                if answers.is_decided(each, stage):
                    continue
                if time.monotonic() >= self._deadline:
                    answers.stopped_because = OUT_OF_BUDGET
                    return
                self._display.asking(each.case.name, stage, number, len(asked))
                answer = self._answer(each, stage)
                if answers.keep(each, stage, answer) and (answer.outcome != "pass" or stage == each.case.last):
                    self._jobs.remove_files(each, self._runner.records)
                if answers.stopped_because:
                    return

    def _answer(self, each: PreparedCase, stage: str) -> Answer:
        """Run a case up to a stage; results of earlier stages are reused where they still lie there."""
        record: StageRecord | None = None
        self._runner.records.clear()
        for step in STAGES[: STAGES.index(stage) + 1]:
            left = self._deadline - time.monotonic()
            limit = self._options.limits[step]
            record = self._runner.run(*self._jobs.job(each, step, record), max(1.0, min(limit, left)))
            if not record.done:
                break
        assert record is not None
        answer = answer_of(record, self._folder)
        return answer if record.stage == stage or record.done else no_longer(record.stage, answer)


def no_longer(stage: str, answer: Answer) -> Answer:
    """Return that there is no answer: a stage that was done before failed, or has no answer now."""
    return Answer("", why=f"{stage} was done before, and is not now: {answer.words or answer.why}")


def settings_of(options: ProbeOptions, folder: Path, token: str) -> RunnerSettings:
    """Return how stages run on this machine; ``token`` marks their processes."""
    nowhere = Path("graph.onnx")
    situation = Situation(nowhere, Path("calib.npz"), Path("graph.hef"), options.hardware)
    memory = options.memory_limit_bytes or int(MEMORY_SHARE * memory_bytes())
    return RunnerSettings(
        folder, interpreter(options.python), token, memory, options.limits, situation, reuse_failures=False
    )


def require_compiler(versions: StageRecord, hardware: str, where: str) -> str:
    """Return the version of the compiler that ``where``, a Python or a worker, has.

    Raises:
        OptionError: there is none, or it does not compile for the chip.
    """
    if not versions.done:
        failure = versions.failure
        if failure is not None and failure.signature == NO_COMPILER:
            raise OptionError(
                f"probe: the compiler is not installed in {where}; install the vendor's wheel (make hailo-env "
                "DFC=path/to/hailo_dataflow_compiler.whl), or give the Python that has it with --python"
            )
        raise OptionError(
            f"probe: the compiler in {where} is installed, but does not start ({versions.error[:200]}); see "
            "`tasnet2hef doctor`"
        )
    version = str(versions.facts.get("compiler", ""))
    if wrong := wrong_chip(version, hardware):
        raise OptionError(f"--hw {hardware}: {wrong}")
    knowledge_path(version, hardware)
    return version
