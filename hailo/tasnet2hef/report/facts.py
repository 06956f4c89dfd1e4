"""What the stages of a run told, one JSON file a stage, so that a later page shows the earlier stages too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside

STAGES: Final = ("export", "check", "simulation", "compile", "audio")
FOLDER_SUFFIX: Final = ".report"
PAGE_NAME: Final = "report.html"
_FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True)
class StageFacts:
    """One stage: what it was called with, what it was made from, and what it prints with ``--json``."""

    stage: str
    command: str
    written: str
    """Moment of the record, ISO 8601 in UTC."""
    graph_digest: str
    """SHA-256 of the ONNX file that the stage worked on; empty where there was none."""
    told: Mapping[str, Any]
    seconds: float | None = None
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of the stage's input files, by name."""


@dataclass(frozen=True)
class RunFacts:
    """All that is known of one graph's run; a stage that has not run is missing."""

    name: str
    folder: Path
    stages: Mapping[str, StageFacts]

    def told(self, stage: str) -> Mapping[str, Any] | None:
        """Return what a stage told; None where it has not run."""
        return self.stages[stage].told if stage in self.stages else None

    @property
    def graph_digest(self) -> str:
        """Return the SHA-256 of the graph as the latest stage saw it; empty where none saw one."""
        seen = [each for each in self.stages.values() if each.graph_digest]
        return max(seen, key=lambda each: each.written).graph_digest if seen else ""

    def is_stale(self, stage: str) -> bool:
        """Tell whether a stage worked on another graph than the latest one did."""
        digest = self.stages[stage].graph_digest if stage in self.stages else ""
        return bool(digest) and digest != self.graph_digest


def report_folder(graph: Path) -> Path:
    """Return where the facts and the page of a graph lie.

    >>> report_folder(Path("build/my_model.onnx")).as_posix()
    'build/my_model.report'
    """
    return graph.with_name(f"{graph.stem}{FOLDER_SUFFIX}")


def save_stage(folder: Path, facts: StageFacts) -> Path:
    """Write a stage's facts, in place of what an earlier run of it told."""
    path = folder / f"{facts.stage}.json"
    with written_beside(path) as part:
        fields = {"format": _FORMAT, **dataclasses.asdict(facts)}
        part.write_text(json.dumps(fields, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    return path


def read_facts(folder: Path, written: Mapping[str, StageFacts] | None = None) -> RunFacts:
    """Read a report folder; stages that this process has just ``written`` are taken from memory.

    Raises:
        OptionError: it holds no facts, or a file of it is damaged.
    """
    written = written or {}
    stages = {
        stage: written[stage] if stage in written else _read_stage(folder / f"{stage}.json")
        for stage in STAGES
        if stage in written or _is_there(folder, stage)
    }
    if not stages:
        raise OptionError(
            f"{folder}: found no facts of a run, expected one of {', '.join(f'{each}.json' for each in STAGES)}; "
            "run `tasnet2hef check` or `tasnet2hef report` on a graph first"
        )
    return RunFacts(folder.name.removesuffix(FOLDER_SUFFIX), folder, stages)


def find_report_folders(place: Path) -> tuple[Path, ...]:
    """Return the report folders that a path means: itself, those in it, or the one beside a graph; maybe none."""
    if place.is_file():
        place = report_folder(place)
    if any(_is_there(place, stage) for stage in STAGES):
        return (place,)
    inside = sorted(place.glob(f"*{FOLDER_SUFFIX}")) if place.is_dir() else []
    return tuple(path for path in inside if any(_is_there(path, stage) for stage in STAGES))


def _is_there(folder: Path, stage: str) -> bool:
    return (folder / f"{stage}.json").is_file()


def _read_stage(path: Path) -> StageFacts:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields.pop("format") != _FORMAT:
            raise ValueError(f"expected format {_FORMAT}")
        facts = StageFacts(**fields)
        if facts.stage != path.stem or not isinstance(facts.told, dict):
            raise ValueError(f"expected the facts of {path.stem}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise OptionError(
            f"{path}: damaged facts of a run ({type(error).__name__}: {error}); remove the file, and run the "
            "stage again"
        ) from error
    return facts
