"""The speech that a user gives: what it is, its fingerprint, and held-out mixtures of it as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tasnet2hef.audio.collection import MIXTURE, SOURCE
from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.speakers import group_by_speaker
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.text import counted
from tasnet2hef.train.mixture_corpus import find_mixtures

HELD_OUT: Final = 8
"""Mixtures that 8 bits are measured on: as many as windows in a simulation."""


def describe_speech(folder: Path, n_src: int, speakers: str) -> str:
    """Return in words what a folder holds, without reading any audio.

    Raises:
        AudioError: it holds none, or nothing tells the speakers apart.
        OptionError: ``speakers`` fits no recording.
    """
    if not folder.exists():
        raise AudioError(f"{folder}: found nothing, expected a folder of speech or of mixtures")
    mixtures = find_mixtures(folder, n_src)
    if not mixtures:
        return group_by_speaker(folder, speakers).sentence(folder).removeprefix(f"{folder}: ")
    known = all(file.sources for file in mixtures)
    return f"{counted(len(mixtures), 'mixture')}, their true sources {'' if known else 'not '}known"


def fingerprint(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of every file below a folder: recordings are too many to be read for a digest."""
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    stats = [(path, path.stat()) for path in files]
    return [(str(path.absolute()), stat.st_size, stat.st_mtime_ns) for path, stat in stats]


def require_outside(folder: Path, speech: Path) -> None:
    """Check that results do not land among the recordings.

    Raises:
        OptionError: ``folder`` is the folder of speech, or lies in it.
    """
    if folder.resolve().is_relative_to(speech.resolve()):
        raise OptionError(f"{folder}: lies in the speech {speech}, expected another place; give one with -o")


def write_held_out(
    clips: Sequence[Samples], n_src: int, sample_rate_hz: int, folder: Path, *, has_sources: bool
) -> tuple[Path, ...]:
    """Write the first clips ``[row, sample]`` as mixtures, with their sources where they are known; return all.

    Names are those that `simulate --eval` reads.
    """
    signals = held_out_signals(clips, n_src, has_sources=has_sources)
    for name, signal in signals.items():
        _write(folder / name, signal, sample_rate_hz)
    return tuple(folder / name for name in signals)


def held_out_signals(clips: Sequence[Samples], n_src: int, *, has_sources: bool) -> dict[str, Samples]:
    """Return the signals ``[sample]`` of the first clips by the names that their files get."""
    signals: dict[str, Samples] = {}
    for number, clip in enumerate(clips[:HELD_OUT], start=1):
        signals[f"{number:02}{MIXTURE}.wav"] = clip.sum(axis=0)
        if has_sources:
            signals |= {f"{number:02}{SOURCE}{place + 1}.wav": clip[place] for place in range(n_src)}
    return signals


def _write(path: Path, signal: Samples, sample_rate_hz: int) -> None:
    import soundfile

    with written_beside(path) as part:
        soundfile.write(part, signal, sample_rate_hz, subtype="FLOAT")
