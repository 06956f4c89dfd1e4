"""What earlier runs finished: a step whose inputs and files are unchanged is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tasnet2hef.base.files import digest_of_bytes, digest_of_file, written_beside
from tasnet2hef.base.plain import plain
from tasnet2hef.base.records import RecordError, read_json, record_of, require_object
from tasnet2hef.base.version import __version__
from tasnet2hef.guide.report import StepReport, ended

JOURNAL_NAME: Final = "journal.json"


@dataclass(frozen=True)
class Entry:
    """A finished step: the digest of its inputs, and of every file that it made."""

    key: str
    step: StepReport
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether all files are there, and as the step left them."""
        return all(
            Path(name).is_file() and digest_of_file(Path(name)) == digest for name, digest in self.digests.items()
        )


class Journal:
    """The finished steps of one folder, written after each."""

    def __init__(self, folder: Path, *, force: bool) -> None:
        self._force = force
        self._path = folder / JOURNAL_NAME
        self._entries = _read(self._path)

    def kept_or_done(
        self, name: str, inputs: Sequence[object], work: Callable[[bool], StepReport], beside: Sequence[Path] = ()
    ) -> StepReport:
        """Return an earlier run's step if its inputs and files are unchanged, else the one that ``work`` does now.

        ``work`` is told whether it may replace the files that are there: those that an earlier run made and nobody
        changed since, or with ``force`` all. ``beside`` are files that it writes besides those that it reports.
        """
        key = digest_of(__version__, name, *inputs)
        entry = self._entries.get(name)
        if entry is not None and entry.key == key and entry.is_whole:
            return replace(entry.step, is_kept=True)
        return self.done(name, key, work, beside)

    def done(
        self, name: str, key: str, work: Callable[[bool], StepReport], beside: Sequence[Path] = ()
    ) -> StepReport:
        """Do a step, and note it with its files."""
        entry = self._entries.get(name)
        started = time.perf_counter()
        step = work(self._force or (entry is not None and entry.is_whole))
        step = ended(step, time.perf_counter() - started)
        files = [path for path in (*step.files, *beside) if path.is_file()]
        self._entries[name] = Entry(key, step, {str(path): digest_of_file(path) for path in files})
        with written_beside(self._path) as part:
            part.write_text(json.dumps(plain(self._entries), indent=2) + "\n", encoding="utf-8")
        return step


def digest_of(*values: object) -> str:
    """Return a digest of values by what ``repr`` shows of them.

    >>> digest_of("freeze", 1) == digest_of("freeze", 1), digest_of("freeze", 1) == digest_of("freeze", 2)
    (True, False)
    """
    return digest_of_bytes(repr(values).encode())[:32]


def _read(path: Path) -> dict[str, Entry]:
    """Read a journal; one that is missing or damaged keeps nothing, so that all is done again."""
    try:
        return {name: record_of(Entry, each) for name, each in require_object(read_json(path)).items()}
    except (RecordError, OSError):
        return {}
