"""Findings as the page shows them: those that say the same together, with the rule's own evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_SAME: Final = ("rule", "level", "stage", "grade", "source", "fix")


@dataclass(frozen=True)
class FindingRow:
    """Findings that differ in their places only; ``message`` is the first one's, ``words`` are the compiler's."""

    rule: str
    level: str
    stage: str
    grade: str
    source: str
    fix: str
    message: str
    count: int
    layers: tuple[str, ...]
    nodes: tuple[str, ...]
    words: tuple[str, ...]


def finding_rows(check: Mapping[str, Any]) -> tuple[FindingRow, ...]:
    """Return the findings of a check, in its order."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for finding in check["findings"]:
        groups.setdefault(tuple(finding[name] for name in _SAME), []).append(finding)
    return tuple(_row(group, check["evidence"]) for group in groups.values())


def _row(group: list[Mapping[str, Any]], evidence: Mapping[str, Any]) -> FindingRow:
    first = group[0]
    proofs = [proof for proof in evidence.get(first["rule"], ()) if first["source"].startswith(proof["source"])]
    return FindingRow(
        **{name: str(first[name]) for name in _SAME},
        message=first["message"],
        count=len(group),
        layers=tuple(dict.fromkeys(each["layer"] for each in group if each["layer"])),
        nodes=tuple(dict.fromkeys(node for each in group for node in each["nodes"])),
        words=tuple(proof["words"] for proof in proofs if proof["words"]),
    )
