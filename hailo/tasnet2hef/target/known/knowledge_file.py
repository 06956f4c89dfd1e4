"""Knowledge files: one for each version of the compiler and chip, in a folder of the user's."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import RecordError, decoded, parse_json, read_bounded
from tasnet2hef.target.known.knowledge import FAIL, PASS, STAGES, Knowledge, Verdict
from tasnet2hef.target.known.releases import parse_release

HOME_VARIABLE: Final = "TASNET2HEF_HOME"
LARGEST_BYTES: Final = 8 << 20
MOST_ROWS: Final = 20_000
LONGEST_TEXT: Final = 4_000
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_CHIP: Final = re.compile(r"[0-9a-z_]{1,32}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TEXTS: Final = ("id", "source", "dfc_version", "hw_arch", "stage", "outcome", "op", "confidence")
_TEXTS_OR_NULL: Final = ("shapes", "error", "cause", "fix")
_PROBE_TEXTS: Final = ("case", "rule", "operator", "example", "name", "last", "predicted")
_EXAMPLES: Final = ("bad", "good", "smallest")


@dataclass(frozen=True)
class Conflict:
    """Two verdicts about one graph that can't both be true; ours is kept."""

    ours: Verdict
    theirs: Verdict


@dataclass(frozen=True)
class Merged:
    """Verdicts after a merge: all rows, how many are new, and what contradicts ours."""

    verdicts: tuple[Verdict, ...]
    added: int
    conflicts: tuple[Conflict, ...]


def knowledge_folder() -> Path:
    """Return the folder of the knowledge files: in `TASNET2HEF_HOME`, else in the user's folder for data.

    Raises:
        InputError: this user has no home folder.
    """
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home) / "knowledge"
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser(os.path.join("~", ".local", "share"))
    if not os.path.isabs(data):
        raise InputError(f"knowledge files: found no folder for them ({data[:80]}); set {HOME_VARIABLE} to one")
    return Path(data) / "tasnet2hef" / "knowledge"


def knowledge_path(version: str, chip: str) -> Path:
    """Return the file for a version of the compiler and a chip.

    Raises:
        InputError: the version can't be part of a file's name.
    """
    if not _VERSION.fullmatch(version) or not _CHIP.fullmatch(chip):
        raise InputError(
            f"knowledge: found compiler {version[:40]!r} and chip {chip[:40]!r}, expected plain names of both"
        )
    return knowledge_folder() / f"{version}_{chip}.jsonl"


def find_knowledge(version: str, chip: str) -> Path | None:
    """Return the file of this version, else of its release (the last in order); without a version, of the newest.

    None where there is none.
    """
    files = {path.stem.rpartition("_")[0]: path for path in sorted(knowledge_folder().glob(f"*_{chip}.jsonl"))}
    if not version:
        return files[max(files, key=_order)] if files else None
    if version in files:
        return files[version]
    release = parse_release(version)
    fitting = [each for each in files if release is not None and parse_release(each) == release]
    return files[max(fitting, key=_order)] if fitting else None


def load_knowledge(path: Path, rules: Collection[str]) -> Knowledge:
    """Read the file of one compiler and chip.

    Raises:
        InputError: it is damaged, or holds rows of another compiler or chip.
    """
    verdicts = read_verdicts(path, rules)
    version, _, chip = path.stem.rpartition("_")
    for row in verdicts:
        if (row.dfc_version, row.hw_arch) != (version, chip):
            raise InputError(
                f"{path}: found a row of DFC {row.dfc_version} on {row.hw_arch}, expected {version} on {chip}; "
                "remove the file and probe again"
            )
    return Knowledge(version, chip, verdicts)


def read_verdicts(path: Path, rules: Collection[str]) -> tuple[Verdict, ...]:
    """Read a file of verdicts; ``rules`` are the ids that it may name.

    Raises:
        InputError: it can't be read, is too large, or a row is not what it must be.
    """
    try:
        text = decoded(read_bounded(path, LARGEST_BYTES))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror})") from None
    except RecordError as error:
        raise InputError(f"{path}: {error}; give a knowledge file (JSON lines)") from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > MOST_ROWS:
        raise InputError(f"{path}: {len(lines)} rows, expected at most {MOST_ROWS}")
    return _without_contradiction(path, [_row(f"{path}, line {number}", line, rules) for number, line in lines])


def merge(ours: Iterable[Verdict], theirs: Iterable[Verdict]) -> Merged:
    """Add rows to ours; a row that contradicts one of ours is left out and returned as a conflict."""
    kept = {row.id: row for row in ours}
    by_case: dict[str, list[Verdict]] = {}
    for row in kept.values():
        by_case.setdefault(row.case, []).append(row)
    added, conflicts = 0, []
    for row in theirs:
        known = by_case.setdefault(row.case, [])
        contradicted = next((each for each in known if each.contradicts(row)), None)
        if contradicted is not None:
            conflicts.append(Conflict(contradicted, row))
        elif row.id not in kept:
            kept[row.id] = row
            known.append(row)
            added += 1
    return Merged(tuple(kept.values()), added, tuple(conflicts))


def save_verdicts(path: Path, verdicts: Iterable[Verdict]) -> None:
    """Write rows to a temporary file and rename it.

    Raises:
        OptionError: it can't be written.
    """
    with written_beside(path) as part:
        part.write_text("".join(f"{json.dumps(row.to_json())}\n" for row in verdicts), encoding="utf-8")


def _order(version: str) -> tuple[tuple[int, ...], str]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version)), version


def _without_contradiction(path: Path, rows: Sequence[Verdict]) -> tuple[Verdict, ...]:
    merged = merge((), rows)
    if merged.conflicts:
        first = merged.conflicts[0]
        raise InputError(
            f"{path}: contradicts itself: {first.ours.id} is a {first.ours.outcome} in {first.ours.stage}, "
            f"{first.theirs.id} a {first.theirs.outcome} in {first.theirs.stage}; remove one of them"
        )
    return merged.verdicts


def _row(where: str, line: str, rules: Collection[str]) -> Verdict:
    try:
        row = parse_json(line)
    except RecordError as error:
        raise InputError(f"{where}: {error}; remove the line") from None
    expected = {each.name for each in fields(Verdict)}
    if not isinstance(row, dict) or set(row) != expected:
        keys = ", ".join(sorted(str(key)[:20] for key in row)[:5]) if isinstance(row, dict) else type(row).__name__
        raise InputError(f"{where}: found {keys}, expected a verdict with the keys {', '.join(sorted(expected))}")
    for name in _TEXTS:
        _require_text(where, name, row[name])
    for name in _TEXTS_OR_NULL:
        if row[name] is not None:
            _require_text(where, name, row[name])
    _require_known(where, row)
    _require_params(where, row["params"], rules)
    return Verdict(**row)


def _require_known(where: str, row: dict[str, Any]) -> None:
    for name, known in (("stage", STAGES), ("outcome", (PASS, FAIL))):
        if row[name] not in known:
            raise InputError(f"{where}: {name} is {row[name][:40]!r}, expected {' or '.join(known)}")
    if not _VERSION.fullmatch(row["dfc_version"]) or not _CHIP.fullmatch(row["hw_arch"]):
        raise InputError(f"{where}: found dfc_version {row['dfc_version'][:40]!r}, expected a version and a chip")


def _require_params(where: str, params: Any, rules: Collection[str]) -> None:
    if not isinstance(params, dict):
        raise InputError(
            f"{where}: params is {type(params).__name__}, expected an object, as probe and compile write it"
        )
    if "case" not in params:
        return
    for name in _PROBE_TEXTS:
        _require_text(where, f"params.{name}", params.get(name))
    if params["rule"] and params["rule"] not in rules:
        raise InputError(f"{where}: names the rule {params['rule'][:60]!r}, which does not exist in this version")
    if params["example"] not in _EXAMPLES or params["last"] not in STAGES:
        raise InputError(f"{where}: params.example and params.last are not those of a probe")


def _require_text(where: str, name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or _CONTROL.search(value):
        kind = "text with control characters, or too long" if isinstance(value, str) else type(value).__name__
        raise InputError(f"{where}: {name} is {kind}, expected text of at most {LONGEST_TEXT} characters")
