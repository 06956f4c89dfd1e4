"""The job and the result of a stage's process: two JSON files."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import RecordError, read_json, record_of

JOB_NAME: Final = "job.json"
RESULT_NAME: Final = "result.json"


@dataclass(frozen=True)
class StageJob:
    """A stage's inputs. Paths are absolute; ``folder`` receives all files of the stage."""

    stage: str
    folder: str
    hardware: str = ""
    net_name: str = ""
    model: str = ""
    start_nodes: tuple[str, ...] = ()
    end_nodes: tuple[str, ...] = ()
    input_shapes: dict[str, list[int]] = field(default_factory=dict)
    har: str = ""
    script: str = ""
    calibration: str = ""
    arrays: tuple[str, ...] = ()
    """Names of the calibration set's arrays, without that of its metadata."""
    array_of_input: dict[str, str] = field(default_factory=dict)
    """The array that belongs to each of the graph's inputs, as far as that is known."""
    windows: int = 0
    parent: int = 0
    """Id of the process whose end also ends this one; 0 for none."""

    def save(self, path: Path) -> None:
        """Write the job."""
        write_json(path, dataclasses.asdict(self))


@dataclass(frozen=True)
class StageResult:
    """The result of a stage's process.

    ``error`` is the exception's class and message, empty on success; ``files`` are its output files by kind,
    relative to the stage's folder; ``facts`` are plain values.
    """

    error: str = ""
    files: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the result."""
        write_json(path, dataclasses.asdict(self))


def read_job(path: Path) -> StageJob:
    """Read a job file, which the process that started this one has written."""
    return record_of(StageJob, read_json(path))


def read_result(path: Path) -> StageResult | None:
    """Read a result file; None where the process ended before it had written one."""
    try:
        return record_of(StageResult, read_json(path))
    except (OSError, RecordError):
        return None


def json_text(value: Any) -> str:
    """Return JSON text in the format of a run's files."""
    return json.dumps(value, indent=1) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a temporary file and rename it."""
    with written_beside(path) as part:
        part.write_text(json_text(value), encoding="utf-8")
