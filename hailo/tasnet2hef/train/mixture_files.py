"""Finds mixtures that are there already, with their sources where these are known.

Read are LibriMix's metadata tables (https://github.com/JorisCos/LibriMix), the folders of WHAM! and LibriMix
(``mix_both/x.wav`` beside ``s1/x.wav``), and pairs of ``NAME_mixture.wav`` and ``NAME_source_1.wav``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from tasnet2hef.base.errors import AudioError
from tasnet2hef.quantize.calibration.evaluation_set import sources_beside
from tasnet2hef.quantize.calibration.window_draw import MIXTURE, audio_files

MIXTURE_FOLDERS = ("mix_clean", "mix_both", "mix_single", "mix")
"""In the order of preference, where several lie side by side: without added noise first."""


@dataclass(frozen=True)
class MixtureFile:
    """A recording of several voices, and of each alone where that is known (else empty)."""

    mixture: Path
    sources: tuple[Path, ...] = ()


def find_mixtures(folder: Path, n_src: int) -> list[MixtureFile]:
    """Return the mixtures below ``folder``, in the order of their names; empty where it holds plain speech.

    Raises:
        AudioError: a table names a file that is missing.
    """
    tables = [folder] if folder.suffix == ".csv" else sorted(folder.rglob("*.csv"))
    listed = [mixture for table in tables for mixture in read_table(table, n_src)]
    return listed or in_folders(folder, n_src) or named_so(folder, n_src)


def read_table(table: Path, n_src: int) -> list[MixtureFile]:
    """Read a table with a column ``mixture_path``; another kind of table is empty."""
    with table.open(newline="", encoding="utf-8", errors="replace") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or "mixture_path" not in rows[0]:
        return []
    names = [f"source_{number}_path" for number in range(1, n_src + 1)]
    return [
        MixtureFile(
            present(table, row["mixture_path"]),
            tuple(present(table, row[name]) for name in names) if all(row.get(name) for name in names) else (),
        )
        for row in rows
    ]


def present(table: Path, name: str) -> Path:
    """Return the file that a table names, as it is or relative to the table."""
    found = next((path for path in (Path(name), table.parent / name) if path.is_file()), None)
    if found is None:
        raise AudioError(f"{table}: names {name}, which is missing; give a table whose files are there")
    return found


def in_folders(folder: Path, n_src: int) -> list[MixtureFile]:
    """Read ``mix*/NAME.wav`` with ``s1/NAME.wav`` beside, at any depth; one kind of mixture only."""
    for kind in MIXTURE_FOLDERS:
        paths = audio_files(folder, f"{kind}/*")
        if paths:
            return [MixtureFile(path, beside(path, n_src)) for path in paths]
    return []


def beside(mixture: Path, n_src: int) -> tuple[Path, ...]:
    """Return the sources of ``mix/NAME.wav``, or nothing where one is missing."""
    sources = [mixture.parent.parent / f"s{number}" / mixture.name for number in range(1, n_src + 1)]
    return tuple(sources) if all(source.is_file() for source in sources) else ()


def named_so(folder: Path, n_src: int) -> list[MixtureFile]:
    """Read ``NAME_mixture.wav`` with ``NAME_source_1.wav`` and on beside."""
    return [MixtureFile(path, sources_beside(path, n_src)) for path in audio_files(folder, f"*{MIXTURE}.*")]
