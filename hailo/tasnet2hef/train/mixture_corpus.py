"""Existing mixtures, with their sources where these are known: found on disk, drawn as clips.

Three layouts are read: LibriMix's metadata tables (https://github.com/JorisCos/LibriMix), the folders of WHAM! and
LibriMix (``mix_both/x.wav`` beside ``s1/x.wav``), and ``NAME_mixture.wav`` beside ``NAME_source_1.wav``.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.collection import MIXTURE, audio_files, sources_beside
from tasnet2hef.audio.files import read_mono
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError

MIXTURE_FOLDERS: Final = ("mix_clean", "mix_both", "mix_single", "mix")
"""In order of preference, where there are several: without added noise first."""
TRIES: Final = 20
"""Clips drawn before all mixtures are considered silent."""


@dataclass(frozen=True)
class MixtureFile:
    """A recording of several voices, and of each voice alone where they are known (else empty)."""

    mixture: Path
    sources: tuple[Path, ...] = ()


def find_mixtures(folder: Path, n_src: int) -> list[MixtureFile]:
    """Return the mixtures below ``folder``, sorted by name; none if it holds plain speech.

    Raises:
        AudioError: a table names a file that is missing.
    """
    tables = [folder] if folder.suffix == ".csv" else sorted(folder.rglob("*.csv"))
    listed = [mixture for table in tables for mixture in read_table(table, n_src)]
    return listed or find_by_folder(folder, n_src) or find_by_name(folder, n_src)


def read_table(table: Path, n_src: int) -> list[MixtureFile]:
    """Read the mixtures of a table with a column ``mixture_path``; any other table has none."""
    with table.open(newline="", encoding="utf-8", errors="replace") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or "mixture_path" not in rows[0]:
        return []
    names = [f"source_{number}_path" for number in range(1, n_src + 1)]
    return [
        MixtureFile(
            listed_file(table, row["mixture_path"]),
            tuple(listed_file(table, row[name]) for name in names) if all(row.get(name) for name in names) else (),
        )
        for row in rows
    ]


def listed_file(table: Path, name: str) -> Path:
    """Return the file that a table names, by its path as written or relative to the table."""
    for path in (Path(name), table.parent / name):
        if path.is_file():
            return path
    raise AudioError(f"{table}: names {name}, which is missing; give a table whose files exist")


def find_by_folder(folder: Path, n_src: int) -> list[MixtureFile]:
    """Find ``mix*/NAME.wav`` with ``s1/NAME.wav`` beside it, at any depth; one kind of mixture only."""
    for kind in MIXTURE_FOLDERS:
        paths = audio_files(folder, f"{kind}/*")
        if paths:
            return [MixtureFile(path, sources_by_folder(path, n_src)) for path in paths]
    return []


def sources_by_folder(mixture: Path, n_src: int) -> tuple[Path, ...]:
    """Return the sources of ``mix/NAME.wav``, or nothing if one is missing."""
    sources = [mixture.parent.parent / f"s{number}" / mixture.name for number in range(1, n_src + 1)]
    return tuple(sources) if all(source.is_file() for source in sources) else ()


def find_by_name(folder: Path, n_src: int) -> list[MixtureFile]:
    """Find ``NAME_mixture.wav`` with ``NAME_source_1.wav`` and so on beside it."""
    return [MixtureFile(path, sources_beside(path, n_src)) for path in audio_files(folder, f"*{MIXTURE}.*")]


@dataclass(frozen=True)
class MixtureCorpus:
    """Draws clips of ``samples`` samples from mixtures on disk; a draw depends on seed and number only.

    A clip ``[row, sample]`` has a row per source, where they are known, and one for the rest of the mixture
    (noise): its rows add up to the mixture.
    """

    files: Sequence[MixtureFile]
    samples: int
    sample_rate_hz: int

    def batch(self, seed: int, step: int, size: int) -> Samples:
        """Return ``[batch, row, sample]``, that of training step ``step``."""
        return np.stack([self.draw(seed, step * size + place) for place in range(size)])

    def draw(self, seed: int, number: int) -> Samples:
        """Return clip ``number`` of the series ``seed``, ``[row, sample]``.

        Raises:
            AudioError: a recording can't be used, or all clips drawn are silent.
        """
        random = np.random.default_rng((seed, number))
        for _ in range(TRIES):
            file = self.files[int(random.integers(len(self.files)))]
            rows = self._cut(file, float(random.random()))
            if rows.any():
                return rows
        raise AudioError(
            f"{file.mixture}: silent, and so are {TRIES - 1} clips drawn before it; give mixtures of speech"
        )

    def _cut(self, file: MixtureFile, place: float) -> Samples:
        """Cut a clip; ``place``, 0 to 1, is where it starts."""
        mixture = read_mono(file.mixture, self.sample_rate_hz)
        sources = [read_mono(path, self.sample_rate_hz) for path in file.sources]
        if any(len(source) != len(mixture) for source in sources):
            lengths = ", ".join(str(len(source)) for source in sources)
            raise AudioError(
                f"{file.mixture}: found {len(mixture)} samples, its sources have {lengths}; cut all to one length"
            )
        rows = np.stack([*sources, mixture - np.sum(sources, axis=0)] if sources else [mixture])
        start = int(place * max(0, rows.shape[1] - self.samples))
        cut = rows[:, start : start + self.samples]
        # Repeated rather than padded: silence would count in the statistics.
        return np.stack([np.resize(row, self.samples) for row in cut]).astype(np.float32)
