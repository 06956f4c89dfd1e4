"""What a run's folder knows: every stage that ended, by a hash of all that it depended on (``run.json``)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.files import digest_of_bytes, digest_of_file
from tasnet2hef.compiler.stages.job import write_json

RECORD_NAME: Final = "run.json"
FORMAT: Final = 2


@dataclass(frozen=True)
class StageRecord:
    """A stage that ended. ``files`` are ``{kind: {"path": relative to the run's folder, "sha256": ...}}``."""

    stage: str
    key: str
    outcome: str
    """``done`` or ``failed``."""
    seconds: float
    log: str
    ended: str = "exited"
    limit_seconds: float = 0.0
    peak_bytes: int = 0
    error: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] = field(default_factory=dict)
    """What the failure means, as `failures.Explanation.to_json` words it."""
    reused: bool = False

    @property
    def done(self) -> bool:
        """Tell whether the stage did its work."""
        return self.outcome == "done"

    def path(self, folder: Path, kind: str) -> Path:
        """Return where a file of the stage lies."""
        return folder / self.files[kind]["path"]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: stage, outcome, seconds, artefacts, failure and the rest."""
        fields = dataclasses.asdict(self)
        fields["artefacts"] = {kind: found["path"] for kind, found in fields.pop("files").items()}
        return {**fields, "seconds": round(self.seconds, 3), "failure": self.failure or None}


class RunRecord:
    """The stages of a run's folder, saved after every change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stages = _read(folder / RECORD_NAME)

    def find(self, key: str) -> StageRecord | None:
        """Return the stage of this key; None where there is none, or where its files are not as it left them."""
        record = self._stages.get(key)
        if record is None:
            return None
        for found in record.files.values():
            path = self._folder / found["path"]
            if not path.is_file() or digest_of_file(path) != found["sha256"]:
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
    """Return the stages on record; none where the file is missing, damaged or of another format."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            return {}
        return {each["key"]: StageRecord(**each) for each in found["stages"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
