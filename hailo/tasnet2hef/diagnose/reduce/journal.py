"""Every attempt of a reduction, on disk as soon as its result is known: a run that was killed repeats none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import (
    RecordError,
    decoded,
    parse_json,
    read_bounded,
    record_of,
    require_object,
    shown,
)
from tasnet2hef.diagnose.reduce.fingerprint import RunResult

JOURNAL_NAME: Final = "attempts.jsonl"
FORMAT: Final = 1


@dataclass(frozen=True)
class Attempt:
    """One run of a graph: the graph's SHA-256, which run of this graph it is (from 1), and the result."""

    number: int
    digest: str
    repeat: int
    nodes: int
    change: str
    result: RunResult
    same: bool
    """It failed in the same way as the original."""
    seconds: float


@dataclass(frozen=True)
class _Outcome:
    """A result under the names of format 1."""

    ended: str
    marks: tuple[str, ...]
    words: str


class Journal:
    """The attempts of a folder, one per line; the first line identifies the graph and the options."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._attempts: dict[tuple[str, int], Attempt] = {}
        identity = {"format": FORMAT, **identity}
        rows = _whole_rows(path)
        if rows:
            _require_identity(path, identity, rows[0])
            attempts = [_from_row(path, row) for row in rows[1:]]
            self._attempts = {(attempt.digest, attempt.repeat): attempt for attempt in attempts}
        self.resumed = len(self._attempts)
        with written_beside(path) as part:  # without the line that a killed run left unfinished
            part.write_text("".join(f"{json.dumps(row)}\n" for row in rows or [identity]), encoding="utf-8")

    @property
    def count(self) -> int:
        """Return the number of attempts in the journal."""
        return len(self._attempts)

    @property
    def digests(self) -> frozenset[str]:
        """Return the graphs that were tried."""
        return frozenset(digest for digest, _ in self._attempts)

    def find(self, digest: str, repeat: int) -> Attempt | None:
        """Return a graph's attempt; None where there is none yet."""
        return self._attempts.get((digest, repeat))

    def keep(self, attempt: Attempt) -> None:
        """Add an attempt; raise OptionError where it can't be written."""
        self._attempts[attempt.digest, attempt.repeat] = attempt
        try:
            with self.path.open("a", encoding="utf-8") as journal:
                journal.write(f"{json.dumps(_to_row(attempt))}\n")
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise OptionError(
                f"{self.path}: can't be written ({error.strerror}); make room, and run again"
            ) from error


def _whole_rows(path: Path) -> list[dict[str, Any]]:
    """Return the journal's rows; the last line may have been cut off when its writer was killed."""
    if not path.is_file():
        return []
    try:
        lines = decoded(read_bounded(path)).split("\n")[:-1]
        return [require_object(parse_json(line)) for line in lines]
    except (OSError, RecordError) as error:
        raise _damaged(path, error) from None


def _require_identity(path: Path, identity: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
    # Through JSON, which turns tuples into lists.
    expected = json.loads(json.dumps(identity))
    for name in expected:
        if recorded.get(name) != expected[name]:
            raise OptionError(
                f"{path.parent.parent}: contains a reduction with a different {name}: found "
                f"{shown(recorded.get(name))}, expected {shown(expected[name])}; delete the folder, or give "
                "another -o"
            )


def _to_row(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt under the names of format 1."""
    result = attempt.result
    outcome = {"ended": result.ended, "marks": result.fingerprints, "words": result.message}
    values = vars(attempt) | {"result": outcome}
    return {"outcome" if name == "result" else name: value for name, value in values.items()}


def _from_row(path: Path, row: Mapping[str, Any]) -> Attempt:
    try:
        outcome = record_of(_Outcome, row.get("outcome"))
        result = {"ended": outcome.ended, "fingerprints": outcome.marks, "message": outcome.words}
        return record_of(Attempt, {**row, "result": result})
    except RecordError as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OptionError:
    return OptionError(f"{path}: damaged: {error}; delete the folder, or give another -o")
