"""Finds recordings in a folder, and ``NAME_source_1.wav`` and so on beside ``NAME_mixture.wav``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SUFFIXES: Final = (".wav", ".flac", ".ogg", ".aiff", ".aif")
MIXTURE: Final = "_mixture"
SOURCE: Final = "_source_"


def audio_files(folder: Path, pattern: str = "*") -> list[Path]:
    """Return the recordings below a folder whose names match, sorted."""
    return sorted(path for path in folder.rglob(pattern) if path.suffix.lower() in SUFFIXES)


def sources_beside(mixture: Path, n_src: int) -> tuple[Path, ...]:
    """Return the sources of ``NAME_mixture.wav`` (or of ``NAME.wav``), none where one is missing."""
    name = mixture.stem.removesuffix(MIXTURE)
    sources = [mixture.with_name(f"{name}{SOURCE}{number}{mixture.suffix}") for number in range(1, n_src + 1)]
    return tuple(sources) if all(source.is_file() for source in sources) else ()
