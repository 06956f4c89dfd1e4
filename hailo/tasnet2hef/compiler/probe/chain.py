"""The stages of one case, one after the other, in a folder of their own: what a worker does."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import onnx

from tasnet2hef.base.version import __version__
from tasnet2hef.base.workers.here import worker_name
from tasnet2hef.compiler.probe.cases import PreparedCase
from tasnet2hef.compiler.probe.here import settings_of
from tasnet2hef.compiler.probe.jobs import Jobs
from tasnet2hef.compiler.probe.options import ProbeOptions
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.compiler.stages.runner import LOG_NAME, SilentDisplay, StageRunner
from tasnet2hef.compiler.verdicts import Answer, answer_of
from tasnet2hef.target.failures.failure_report import REPORT_NAME
from tasnet2hef.target.known.knowledge import STAGES

_LARGEST_LOG_BYTES: Final = 1 << 20
_VERSIONS: Final[dict[str, StageRecord]] = {}
"""By the Python that has the compiler: it stays the same for a worker's life, and to import it takes seconds."""


@dataclass(frozen=True)
class StageEnd:
    """How a stage ended; ``texts`` are the ends of its log and report, by their paths in the probe's folder."""

    stage: str
    answer: Answer
    texts: Mapping[str, bytes]


@dataclass(frozen=True)
class ChainEnd:
    """What a worker tells: the compiler's versions, or why there are none, and each stage of a case."""

    worker: str
    versions: StageRecord
    stages: tuple[StageEnd, ...] = ()


def portable(each: PreparedCase) -> PreparedCase:
    """Return a case that holds its graph, and not the function that draws it."""
    content = each.open(Path("graph.onnx")).model.SerializeToString(deterministic=True)
    case = dataclasses.replace(each.case, build=partial(onnx.load_from_string, content))
    return dataclasses.replace(each, case=case, weighted=False)


def run_versions(options: ProbeOptions) -> ChainEnd:
    """Return what compiler this machine has."""
    with _runner(options) as runner:
        return ChainEnd(worker_name(), _versions(runner))


def run_chain(options: ProbeOptions, each: PreparedCase, seconds: float) -> ChainEnd:
    """Run a case's stages, up to one that is not done or its last; ``seconds`` are left for all together."""
    deadline = time.monotonic() + seconds
    with _runner(options) as runner:
        versions, folder = _versions(runner), runner.settings.folder
        jobs = Jobs(folder, options.hardware, {**versions.facts, "tasnet2hef": __version__})
        stages: list[StageEnd] = []
        record: StageRecord | None = None
        for stage in STAGES[: STAGES.index(each.case.last) + 1] if versions.done else ():
            limit = min(options.limits[stage], deadline - time.monotonic())
            record = runner.run(*jobs.job(each, stage, record), max(1.0, limit))
            stages.append(StageEnd(stage, answer_of(record, folder), _texts(record, folder)))
            if not record.done:
                break
        return ChainEnd(worker_name(), versions, tuple(stages))


@contextmanager
def _runner(options: ProbeOptions) -> Iterator[StageRunner]:
    """Yield a runner in a new folder, which is removed with all that the compiler left there."""
    with TemporaryDirectory(prefix="tasnet2hef-probe-") as folder:
        yield StageRunner(settings_of(options, Path(folder), uuid.uuid4().hex), SilentDisplay())


def _versions(runner: StageRunner) -> StageRecord:
    python = runner.settings.python
    if python not in _VERSIONS:
        found = runner.probe(StageJob(stage="versions", folder=""))
        if not found.done:
            return found
        _VERSIONS[python] = found
    return _VERSIONS[python]


def _texts(record: StageRecord, folder: Path) -> dict[str, bytes]:
    place = Path(record.log).parent
    names = [place / name for name in (LOG_NAME, REPORT_NAME) if (folder / place / name).is_file()]
    return {name.as_posix(): (folder / name).read_bytes()[-_LARGEST_LOG_BYTES:] for name in names}
