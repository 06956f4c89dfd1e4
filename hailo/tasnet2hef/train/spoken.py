"""Reads a folder of speech, a speaker a folder, to be mixed on the fly."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.level import levelling_gain, speech_level_dbfs
from tasnet2hef.base.errors import AudioError
from tasnet2hef.quantize.calibration.window_draw import audio_files
from tasnet2hef.train.mixtures import Mixer, Prompt
from tasnet2hef.train.reading import read_mono
from tasnet2hef.train.split import Sides, split_sides

QUIETEST_DBFS: Final = -60.0
"""A recording whose speech is below that is silent."""
SPOKEN_DBFS: Final = -25.0
"""Level that every recording is brought to, so that only the mixer decides who is louder."""
COMBINATIONS: Final = 4096
"""Combinations of speakers that are drawn from, where there are more."""

Speakers = Mapping[str, Sequence[Path]]


def speakers_of(folder: Path) -> dict[str, list[Path]]:
    """Return each speaker's files: a folder directly in ``folder`` is one; a file directly in it is one too."""
    speakers: dict[str, list[Path]] = {}
    for path in audio_files(folder):
        speakers.setdefault(path.relative_to(folder).parts[0], []).append(path)
    return speakers


def sides_of_speakers(folder: Path, n_src: int) -> Sides[Speakers]:
    """Split a folder of speech by file; where a speaker has fewer than three files, by speaker.

    Raises:
        AudioError: a side has fewer speakers than a mixture needs.
    """
    speakers = speakers_of(folder)
    if min(map(len, speakers.values()), default=0) >= 3:
        parts = {name: split_sides(paths, [path.name for path in paths]) for name, paths in speakers.items()}
        sides = Sides[Speakers](
            {name: part.train for name, part in parts.items()},
            {name: part.validation for name, part in parts.items()},
            {name: part.test for name, part in parts.items()},
        )
        enough = len(speakers) >= n_src
    else:
        names = split_sides(list(speakers), list(speakers))
        every = [{name: speakers[name] for name in side} for side in (names.train, names.validation, names.test)]
        sides = Sides[Speakers](*every)
        enough = min(map(len, every)) >= n_src
    if not enough:
        raise AudioError(
            f"{folder}: found {sum(map(len, speakers.values()))} recordings of {len(speakers)} speakers, expected "
            f"at least {n_src} speakers (a folder each) with 3 recordings each, or {-(-n_src // 0.1):.0f} single "
            "recordings: some are kept back to choose and to measure; give more speech"
        )
    return sides


def make_mixer(
    speakers: Speakers, n_src: int, samples: int, rate_hz: int, most_hours: float, speed: bool
) -> Mixer:
    """Read recordings, up to ``most_hours`` in all, and return what mixes them.

    Raises:
        AudioError: a recording can't be used, or nothing but silence is left of a mixture's speakers.
    """
    share_s = most_hours * 3600 / len(speakers)
    prompts = {name: list(read_speaker(name, paths, rate_hz, share_s)) for name, paths in speakers.items()}
    heard = {name: spoken for name, spoken in prompts.items() if spoken}
    if len(heard) < n_src:
        folder = next(iter(speakers.values()))[0].parent
        raise AudioError(
            f"{folder}: found speech of {len(heard)} speakers, the recordings of {len(speakers) - len(heard)} are "
            f"silent (below {QUIETEST_DBFS:.0f} dBFS); expected at least {n_src} that can be heard"
        )
    return Mixer(heard, combinations(sorted(heard), n_src), samples, speed, rate_hz)


def read_speaker(name: str, paths: Sequence[Path], rate_hz: int, most_s: float) -> Iterator[Prompt]:
    """Read a speaker's recordings at one level and rate, in the order of a hash, up to ``most_s`` seconds."""
    left = most_s
    for path in sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        if left <= 0:
            return
        samples = read_mono(path, rate_hz)
        if speech_level_dbfs(samples, rate_hz) < QUIETEST_DBFS:
            continue
        left -= len(samples) / rate_hz
        gain = np.float32(levelling_gain(samples, rate_hz, SPOKEN_DBFS))
        yield Prompt(name, path.name, samples * gain)


def combinations(names: Sequence[str], n_src: int) -> list[tuple[str, ...]]:
    """Return all combinations of speakers, or a fixed draw of them where there are very many.

    >>> combinations(["a", "b", "c"], 2)
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    every = list(itertools.islice(itertools.combinations(names, n_src), COMBINATIONS + 1))
    if len(every) <= COMBINATIONS:
        return every
    random = np.random.default_rng(0)
    return [tuple(random.choice(names, n_src, replace=False).tolist()) for _ in range(COMBINATIONS)]
