"""The results of a run's steps, one JSON file per step, so that a later page shows the earlier steps too."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.records import RecordError, read_json, record_of, require_object, shown

STEPS: Final = ("export", "check", "simulate", "compile", "audio")
FOLDER_SUFFIX: Final = ".report"
PAGE_NAME: Final = "report.html"
MARK: Final = Mark.of("report")
"""Of all files in a report folder."""
_FORMAT: Final = 2
_HALF: Final = re.compile("[\ud800-\udfff]")
"""As such Python holds the bytes of a file's name that is not UTF-8; in JSON they are no text."""


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """One step: its command line, its inputs, and its result as ``--json`` prints it."""

    step: str
    command: str
    written: str
    """When it was written, ISO 8601 in UTC."""
    graph_digest: str
    """SHA-256 of the ONNX file that the step worked on; empty if there was none."""
    result: Mapping[str, Any]
    seconds: float | None = None
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    digests: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of the step's input files, by name."""
    graph: str = ""
    """The ONNX file as the command named it; empty in facts of earlier versions."""


@dataclass(frozen=True)
class RunFacts:
    """The facts of one graph's run; a step that has not run is missing."""

    name: str
    folder: Path
    steps: Mapping[str, StepFacts]

    def result(self, step: str) -> Mapping[str, Any] | None:
        """Return the result of a step; None if it has not run."""
        return self.steps[step].result if step in self.steps else None

    @property
    def graph_digest(self) -> str:
        """Return the SHA-256 of the graph that the latest step worked on; empty if there is none."""
        latest = self._latest
        return "" if latest is None else latest.graph_digest

    @property
    def graph(self) -> Path:
        """Return the graph's path as the latest command named it."""
        latest = self._latest
        return Path(latest.graph) if latest is not None and latest.graph else Path(f"{self.name}.onnx")

    @property
    def _latest(self) -> StepFacts | None:
        with_graph = [facts for facts in self.steps.values() if facts.graph_digest]
        return max(with_graph, key=lambda facts: facts.written, default=None)

    def is_stale(self, step: str) -> bool:
        """Return whether a step worked on another graph than the latest step."""
        digest = self.steps[step].graph_digest if step in self.steps else ""
        return bool(digest) and digest != self.graph_digest


def report_folder(graph: Path) -> Path:
    """Return the folder for the facts and the page of a graph.

    >>> report_folder(Path("build/my_model.onnx")).as_posix()
    'build/my_model.report'
    """
    return graph.with_name(f"{graph.stem}{FOLDER_SUFFIX}")


def save_step(folder: Path, facts: StepFacts) -> Path:
    """Write a step's facts; they replace those of an earlier run of it."""
    path = folder / f"{facts.step}.json"
    with written_beside(path) as part:
        fields = {"made_by": MARK.text, "format": _FORMAT, **dataclasses.asdict(facts)}
        text = json.dumps(fields, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        part.write_text(f"{_HALF.sub(_code_of_half, text)}\n", encoding="utf-8")
    return path


def _code_of_half(half: re.Match[str]) -> str:
    return f"\\\\u{ord(half[0]):04x}"


def read_facts(folder: Path, written: Mapping[str, StepFacts] | None = None) -> RunFacts:
    """Read a report folder; facts that this process has just ``written`` are taken from memory.

    Raises:
        OptionError: it holds no facts, or one of its files is damaged.
    """
    written = written or {}
    steps = {
        step: written[step] if step in written else _read_step(folder / f"{step}.json")
        for step in STEPS
        if step in written or _has_step(folder, step)
    }
    if not steps:
        raise OptionError(
            f"{folder}: found no facts of a run, expected one of {', '.join(f'{each}.json' for each in STEPS)}; "
            "run `tasnet2hef check` or `tasnet2hef report` on a graph first"
        )
    return RunFacts(folder.name.removesuffix(FOLDER_SUFFIX), folder, steps)


def find_report_folders(place: Path) -> tuple[Path, ...]:
    """Return the report folders of a path: itself, those in it, or the one beside a graph; possibly none."""
    if place.is_file():
        place = report_folder(place)
    if any(_has_step(place, step) for step in STEPS):
        return (place,)
    folders = sorted(place.glob(f"*{FOLDER_SUFFIX}")) if place.is_dir() else []
    return tuple(path for path in folders if any(_has_step(path, step) for step in STEPS))


def _has_step(folder: Path, step: str) -> bool:
    return (folder / f"{step}.json").is_file()


def _read_step(path: Path) -> StepFacts:
    try:
        fields = dict(require_object(read_json(path)))
        fields.pop("made_by", None)
        if fields.get("format") != _FORMAT:
            raise RecordError(f"format: found {shown(fields.get('format'))}, expected {_FORMAT}")
        facts = record_of(StepFacts, fields)
        if facts.step != path.stem:
            raise RecordError(f"step: found {shown(facts.step)}, expected {path.stem!r}")
    except (OSError, RecordError) as error:
        raise OptionError(
            f"{path}: damaged facts of a run: {error}; remove the file, and run the step again"
        ) from error
    return facts
