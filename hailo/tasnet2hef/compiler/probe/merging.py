"""Merges verdicts of another machine into this one's knowledge files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.errors import InputError
from tasnet2hef.compiler.probe.report import conflicts_json
from tasnet2hef.compiler.verdicts import remember
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known.knowledge import Verdict
from tasnet2hef.target.known.knowledge_file import Conflict, knowledge_path, load_knowledge, read_verdicts


@dataclass(frozen=True)
class MergedFile:
    """What was added to one knowledge file."""

    compiler: str
    hardware: str
    path: Path
    added: int


@dataclass(frozen=True)
class MergeReport:
    """A merge: one row for each compiler and chip, and what contradicted ours."""

    files: tuple[MergedFile, ...]
    conflicts: tuple[Conflict, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        files = [{**vars(each), "path": str(each.path)} for each in self.files]
        return {"files": files, "conflicts": conflicts_json(self.conflicts)}


def merge_file(path: Path) -> MergeReport:
    """Add a file's verdicts to this machine's; they are marked as another's. Nothing is written if any is damaged.

    Raises:
        InputError: the file, or one of this machine's, can't be used.
    """
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for row in read_verdicts(path, rule_ids()):
        groups.setdefault((row.dfc_version, row.hw_arch), []).append(_marked(row))
    if not groups:
        raise InputError(
            f"{path}: found no verdicts, expected those of a probe (knowledge file or verdicts.jsonl)"
        )
    for version, chip in groups:
        ours = knowledge_path(version, chip)
        if ours.is_file():
            load_knowledge(ours, rule_ids())
    files: list[MergedFile] = []
    conflicts: list[Conflict] = []
    for (version, chip), rows in groups.items():
        merged = remember(rows)
        files.append(MergedFile(version, chip, knowledge_path(version, chip), merged.added))
        conflicts += merged.conflicts
    return MergeReport(tuple(files), tuple(conflicts))


def _marked(row: Verdict) -> Verdict:
    return dataclasses.replace(row, params={**row.params, "merged": True})
