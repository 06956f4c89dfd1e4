"""Every attempt of a reduction, on disk as soon as it is known: a run that was killed repeats none."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.diagnose.reduce.outcome import Outcome

JOURNAL_NAME: Final = "attempts.jsonl"
FORMAT: Final = 1


@dataclass(frozen=True)
class Attempt:
    """One graph that was tried: its SHA-256, which run of it this is (from 1), and what came of it."""

    number: int
    digest: str
    repeat: int
    nodes: int
    change: str
    outcome: Outcome
    same: bool
    """It failed in the way of the original."""
    seconds: float


class Journal:
    """The attempts of a folder, a line each; the first line says what they are attempts at."""

    def __init__(self, path: Path, purpose: Mapping[str, Any]) -> None:
        self.path = path
        self._attempts: dict[tuple[str, int], Attempt] = {}
        purpose = {"format": FORMAT, **purpose}
        lines = _whole_lines(path)
        if lines:
            _expect_same(path, purpose, lines[0])
            attempts = [_attempt(path, line) for line in lines[1:]]
            self._attempts = {(attempt.digest, attempt.repeat): attempt for attempt in attempts}
        self.resumed = len(self._attempts)
        with written_beside(path) as part:  # without the line that a killed run left unfinished
            part.write_text("".join(f"{json.dumps(line)}\n" for line in lines or [purpose]), encoding="utf-8")

    @property
    def count(self) -> int:
        """Return how many attempts are on record."""
        return len(self._attempts)

    def find(self, digest: str, repeat: int) -> Attempt | None:
        """Return what is known of a graph's run; None where it is not known yet."""
        return self._attempts.get((digest, repeat))

    def keep(self, attempt: Attempt) -> None:
        """Add an attempt; raise OptionError where it can't be written."""
        self._attempts[attempt.digest, attempt.repeat] = attempt
        try:
            with self.path.open("a", encoding="utf-8") as journal:
                journal.write(f"{json.dumps(dataclasses.asdict(attempt))}\n")
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise OptionError(
                f"{self.path}: can't be written ({error.strerror}); make room, and run again"
            ) from error


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Return the journal's lines; the last one may have been cut off when its writer was killed."""
    if not path.is_file():
        return []
    texts = path.read_text(encoding="utf-8").split("\n")[:-1]
    try:
        return [json.loads(text) for text in texts]
    except ValueError as error:
        raise OptionError(f"{path}: damaged ({error}); delete the folder, or give another -o") from None


def _expect_same(path: Path, purpose: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    # As JSON: what was written as a tuple is read as a list.
    wanted = json.loads(json.dumps(purpose))
    for name in wanted:
        if found.get(name) != wanted[name]:
            raise OptionError(
                f"{path.parent.parent}: holds a reduction with another {name}: found {_short(found.get(name))}, "
                f"expected {_short(wanted[name])}; delete the folder, or give another -o"
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _attempt(path: Path, line: Mapping[str, Any]) -> Attempt:
    try:
        told = dict(line["outcome"])
        outcome = Outcome(told["ended"], tuple(told["marks"]), told["words"])
        return Attempt(**{**line, "outcome": outcome})
    except (KeyError, TypeError) as error:
        raise OptionError(f"{path}: damaged ({error}); delete the folder, or give another -o") from None
