"""Reads the recordings of speakers, to be mixed on the fly."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.files import is_empty, read_mono
from tasnet2hef.audio.level import levelling_gain, speech_level_dbfs
from tasnet2hef.audio.speakers import ONE, Recordings, SpeakerGroups
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.mixtures import Mixer, Prompt
from tasnet2hef.train.split import Split, split_by_name

QUIETEST_DBFS: Final = -60.0
"""A recording whose speech level is below this is silent."""
SPEAKER_DBFS: Final = -25.0
"""Speech level of every recording, so that only the mixer sets the levels of the speakers."""
COMBINATIONS: Final = 4096
"""Most combinations of speakers that are used; if there are more, this many are drawn."""


def enough_speakers(groups: SpeakerGroups, folder: Path, n_src: int, way: str) -> Recordings:
    """Return the recordings to mix, by speaker; those of ``--one-speaker`` are dealt out to ``n_src`` parts.

    Raises:
        AudioError: there are fewer speakers than a mixture needs.
    """
    if way == ONE:
        ((name, paths),) = groups.speakers.items()
        return {f"{name} (part {part + 1})": paths[part::n_src] for part in range(n_src)}
    if len(groups.speakers) < n_src:
        raise AudioError(
            f"{groups.sentence(folder)}; expected at least {n_src} speakers: mixtures of one voice "
            f"with itself are not what a net of {n_src} sources was trained for; give speech of more, say what "
            "tells them apart (--speakers), or mix the one voice with itself (--one-speaker)"
        )
    return groups.speakers


def split_speakers(speakers: Recordings, folder: Path, n_src: int) -> Split[Recordings]:
    """Split speech by recording; by speaker where one has fewer than three recordings.

    Raises:
        AudioError: a part has fewer speakers than a mixture needs.
    """
    if min(map(len, speakers.values()), default=0) >= 3:
        splits = {name: split_by_name(paths, [path.name for path in paths]) for name, paths in speakers.items()}
        split = Split[Recordings](
            {name: each.training for name, each in splits.items()},
            {name: each.validation for name, each in splits.items()},
            {name: each.test for name, each in splits.items()},
        )
        is_enough = len(speakers) >= n_src
    else:
        names = split_by_name(list(speakers), list(speakers))
        parts = [
            {name: speakers[name] for name in part} for part in (names.training, names.validation, names.test)
        ]
        split = Split[Recordings](*parts)
        is_enough = min(map(len, parts)) >= n_src
    if not is_enough:
        raise AudioError(
            f"{folder}: found {sum(map(len, speakers.values()))} recordings of {len(speakers)} speakers, expected "
            f"at least {n_src} speakers (a folder each) with 3 recordings each, or {-(-n_src // 0.1):.0f} single "
            "recordings: some are held out for validation and test; give more speech"
        )
    return split


def make_mixer(
    speakers: Recordings, n_src: int, samples: int, rate_hz: int, most_hours: float, speed: bool
) -> Mixer:
    """Read recordings, up to ``most_hours`` in all, and return their mixer.

    Raises:
        AudioError: a recording can't be used, or too few speakers are left without the silent recordings.
    """
    most_s = most_hours * 3600 / len(speakers)
    prompts = {name: list(read_speaker(name, paths, rate_hz, most_s)) for name, paths in speakers.items()}
    audible = {name: recordings for name, recordings in prompts.items() if recordings}
    if len(audible) < n_src:
        folder = next(iter(speakers.values()))[0].parent
        raise AudioError(
            f"{folder}: found speech of {len(audible)} speakers, the recordings of {len(speakers) - len(audible)} "
            f"are silent (below {QUIETEST_DBFS:.0f} dBFS); expected at least {n_src} speakers that are not"
        )
    return Mixer(audible, combinations(sorted(audible), n_src), samples, speed, rate_hz)


def read_speaker(name: str, paths: Sequence[Path], rate_hz: int, most_s: float) -> Iterator[Prompt]:
    """Read a speaker's recordings at one level and rate, in the order of a hash, up to ``most_s`` seconds.

    Silent and empty recordings are left out.
    """
    left_s = most_s
    for path in sorted(paths, key=lambda path: hashlib.sha256(path.name.encode()).digest()):
        if left_s <= 0:
            return
        if is_empty(path):
            continue
        samples = read_mono(path, rate_hz)
        if speech_level_dbfs(samples, rate_hz) < QUIETEST_DBFS:
            continue
        left_s -= len(samples) / rate_hz
        gain = np.float32(levelling_gain(samples, rate_hz, SPEAKER_DBFS))
        yield Prompt(name, path.name, samples * gain)


def combinations(names: Sequence[str], n_src: int) -> list[tuple[str, ...]]:
    """Return all combinations of speakers, or 4,096 drawn with a fixed seed where there are more.

    >>> combinations(["a", "b", "c"], 2)
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    first = list(itertools.islice(itertools.combinations(names, n_src), COMBINATIONS + 1))
    if len(first) <= COMBINATIONS:
        return first
    random = np.random.default_rng(0)
    return [tuple(random.choice(names, n_src, replace=False).tolist()) for _ in range(COMBINATIONS)]
