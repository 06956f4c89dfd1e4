"""The record of a run's folder (``run.json``): every stage that ended, by a hash of all that it depended on."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.files import digest_of_bytes, digest_of_file
from tasnet2hef.base.outcome import DONE, Outcome
from tasnet2hef.base.records import RecordError, read_json, record_of, require_object
from tasnet2hef.compiler.stages.job import write_json
from tasnet2hef.target.failures.classify import Explanation

RECORD_NAME: Final = "run.json"
FORMAT: Final = 2


@dataclass(frozen=True)
class RecordedFile:
    """A file of a stage: its path relative to the run's folder, and its digest."""

    path: str
    sha256: str


@dataclass(frozen=True)
class StageRecord:
    """A stage that ended. ``files`` are ``{kind: {"path": relative to the run's folder, "sha256": ...}}``."""

    stage: str
    key: str
    outcome: Outcome
    """``done`` or ``failed``."""
    seconds: float
    log: str
    ended: str = "exited"
    limit_seconds: float = 0.0
    peak_bytes: int = 0
    error: str = ""
    files: dict[str, RecordedFile] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    failure: Explanation | None = None
    """The explanation of a failure; None for a stage that is done."""
    reused: bool = False

    @property
    def done(self) -> bool:
        """Return whether the stage did its work."""
        return self.outcome == DONE

    def path(self, folder: Path, kind: str) -> Path:
        """Return the path of a file of the stage."""
        return folder / self.files[kind].path

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: stage, outcome, seconds, artefacts, failure and the rest."""
        fields = dataclasses.asdict(self)
        fields["artefacts"] = {kind: file["path"] for kind, file in fields.pop("files").items()}
        failure = None if self.failure is None else self.failure.to_json()
        return {**fields, "seconds": round(self.seconds, 3), "failure": failure}


class RunRecord:
    """The stages of a run's folder, saved after every change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stages: dict[str, StageRecord] = {}
        self.damage = ""
        """Why the stages on record are not used; empty where they are."""
        try:
            self._stages = _read(folder / RECORD_NAME)
        except (OSError, RecordError) as error:
            self.damage = str(error)

    def find(self, key: str) -> StageRecord | None:
        """Return the stage of this key; None where there is none, or where one of its files has changed since."""
        record = self._stages.get(key)
        if record is None:
            return None
        for file in record.files.values():
            path = self._folder / file.path
            if not os.path.isfile(path) or digest_of_file(path) != file.sha256:
                return None
        return record

    def keep(self, record: StageRecord) -> None:
        """Add a stage, and save."""
        self._stages[record.key] = record
        stages = [dataclasses.asdict(each) for each in self._stages.values()]
        write_json(self._folder / RECORD_NAME, {"format": FORMAT, "stages": stages})


def key_of(stage: str, inputs: Mapping[str, Any]) -> str:
    """Return the hash of a stage and of everything that it depends on.

    >>> key_of("translate", {"hardware": "hailo8"})[:8]
    'c03b3fd0'
    """
    text = json.dumps({"stage": stage, **inputs}, sort_keys=True)
    return digest_of_bytes(text.encode())


def _read(path: Path) -> dict[str, StageRecord]:
    """Return the stages on record; none where there is no file, or one of a different format.

    Raises:
        RecordError: the file is damaged.
        OSError: it can't be read.
    """
    if not path.exists():
        return {}
    saved = require_object(read_json(path))
    if saved.get("format") != FORMAT:
        return {}
    stages = record_of(list[StageRecord], saved.get("stages"))
    return {stage.key: stage for stage in stages}
