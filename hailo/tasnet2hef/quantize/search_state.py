"""The scores measured so far, saved after each run: an analysis that takes hours survives Ctrl-C."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import RecordError, read_json, record_of
from tasnet2hef.quantize.score import Score


@dataclass(frozen=True)
class _Stored:
    key: str
    scores: dict[str, tuple[Annotated[float, Ge(0)], float | None]]
    """Noise and SI-SDR in dB by run."""


class SearchState:
    """Scores by run, in a file for one model, calibration set and setting (``key``), with the mark ``made_by``."""

    def __init__(self, path: Path | None, key: str, *, made_by: str = "", fresh: bool = False) -> None:
        self.path = path
        self.key = key
        self.made_by = made_by
        self.resumed = 0
        self._scores: dict[str, tuple[float, float | None]] = {}
        if path is not None and path.is_file() and not fresh:
            self._load(path)

    def known(self, name: str) -> Score | None:
        """Return the score of a run, None if it was not measured yet."""
        return Score(*self._scores[name]) if name in self._scores else None

    def keep(self, name: str, score: Score) -> None:
        """Save the score of a run."""
        self._scores[name] = score.noise, score.si_sdr_db
        self._save()

    def _load(self, path: Path) -> None:
        try:
            stored = record_of(_Stored, read_json(path))
        except (RecordError, OSError) as error:
            raise OptionError(f"{path}: a damaged search state: {error}; delete it, or use --fresh") from error
        if stored.key == self.key:
            self._scores = stored.scores
            self.resumed = len(self._scores)

    def _save(self) -> None:
        if self.path is not None:
            scores = dict(sorted(self._scores.items()))  # the same file, whichever run ends first
            with written_beside(self.path) as part:
                part.write_text(json.dumps({"made_by": self.made_by, "key": self.key, "scores": scores}, indent=0))
