"""What a net learns from: a folder of speech mixed on the fly, or mixtures that are there already.

Three kinds of folder are read, and each is told from the others by what it holds:

- mixtures with a table: CSV files with a column ``mixture_path`` (LibriMix's metadata), and ``source_1_path`` on;
- mixtures in folders: ``mix_clean/``, ``mix_both/``, ``mix/`` with ``s1/``, ``s2/`` beside (WHAM!, LibriMix), or
  ``NAME_mixture.wav`` with ``NAME_source_1.wav`` and on; sources may be missing;
- anything else is speech: every folder directly in it is one speaker, every file directly in it too. The sources
  of a mixture are taken from different speakers.

Clips are arrays ``[row, sample]`` that sum to the mixture: the sources, then what is noise; without known sources,
one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.level import levelling_gain, speech_level_dbfs
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.train.loop import MixtureSource
from tasnet2hef.train.mixture_files import MixtureFile, find_mixtures
from tasnet2hef.train.recorded import RecordedMixtures
from tasnet2hef.train.split import Sides, split_sides
from tasnet2hef.train.spoken import Speakers, make_mixer, sides_of_speakers

INPUT_LEVEL_DBFS: Final = -25.0
"""Speech level of the mixtures that constants are fitted to, and that the host brings its input to."""
LEVEL_SPREAD_DB: Final = 3.0
"""A live stream's level is known a little late: students hear this much more or less."""
QUIETEST_DBFS: Final = -80.0
HELD_OUT_SHARE: Final = 0.3
"""Share of the hours that is read for each held-out side."""
VALIDATION_SEED, TEST_SEED, FREEZE_SEED = 2, 3, 4


@dataclass(frozen=True)
class Levelled:
    """Mixtures at the level that the host will bring them to, give or take ``spread_db``."""

    mixtures: MixtureSource
    sample_rate_hz: int
    spread_db: float = LEVEL_SPREAD_DB

    def batch(self, seed: int, step: int, size: int) -> Samples:
        """Return ``[batch, row, sample]``."""
        clips = self.mixtures.batch(seed, step, size)
        spread = np.random.default_rng((seed, step)).uniform(-self.spread_db, self.spread_db, size)
        return np.stack(
            [levelled(clip, self.sample_rate_hz, offset) for clip, offset in zip(clips, spread, strict=True)]
        )


def levelled(clip: Samples, sample_rate_hz: int, offset_db: float = 0.0) -> Samples:
    """Bring the mixture of ``[row, sample]`` to ``INPUT_LEVEL_DBFS`` plus an offset."""
    gain = levelling_gain(clip.sum(axis=0), sample_rate_hz, INPUT_LEVEL_DBFS + offset_db)
    return clip * np.float32(gain)


@dataclass(frozen=True)
class LearningSpeech:
    """Mixtures to train on, to choose by and to measure with; no recording is in two of them."""

    train: MixtureSource
    validation: Sequence[Samples]
    test: Sequence[Samples]
    has_sources: bool
    notes: tuple[str, ...] = ()

    def to_freeze(self, clips: int) -> Samples:
        """Return mixtures ``[clip, sample]`` for the constants of the norms."""
        mixtures: Samples = self.train.batch(FREEZE_SEED, 0, clips).sum(axis=1)
        return mixtures


def read_speech(
    folder: Path, spec: TasNetSpec, *, seconds: float, clips: tuple[int, int], most_hours: float = 10.0
) -> LearningSpeech:
    """Read a folder for a net; ``clips`` are the numbers of mixtures to choose by and to measure with.

    Raises:
        AudioError: there is no speech, too little of it, of a lower rate than the net's, or it is silent.
    """
    if not folder.exists():
        raise AudioError(f"{folder}: found nothing, expected a folder of speech or of mixtures")
    samples = round(seconds * spec.sample_rate)
    if samples < spec.kernel_size:
        raise OptionError(
            f"seconds: found {seconds} s, expected at least {spec.kernel_size / spec.sample_rate} s, one frame of "
            "the net; a few seconds are usual"
        )
    files = find_mixtures(folder, spec.n_src)
    if files:
        return recorded_speech(folder, files, spec, samples, clips)
    if spec.n_src == 1:
        raise AudioError(
            f"{folder}: found no mixtures, expected some: a net of one source takes it out of noise; give "
            "recordings named NAME_mixture.wav, and NAME_source_1.wav beside where the clean speech is known"
        )
    sides = sides_of_speakers(folder, spec.n_src)
    held_out = most_hours * HELD_OUT_SHARE

    def mixer(side: Speakers, hours: float, *, speed: bool) -> MixtureSource:
        return make_mixer(side, spec.n_src, samples, spec.sample_rate, hours, speed)

    sources = Sides[MixtureSource](
        mixer(sides.train, most_hours, speed=True),
        mixer(sides.validation, held_out, speed=False),
        mixer(sides.test, held_out, speed=False),
    )
    return gather(sources, spec, clips, has_sources=True)


def recorded_speech(
    folder: Path, files: Sequence[MixtureFile], spec: TasNetSpec, samples: int, clips: tuple[int, int]
) -> LearningSpeech:
    """Learn from mixtures that are there already; sources count only where every mixture has them."""
    has_sources = all(file.sources for file in files)
    known = files if has_sources else [MixtureFile(file.mixture) for file in files]
    sides = split_sides(known, [file.mixture.name for file in known])
    if not sides.train:
        raise AudioError(
            f"{folder}: found {len(files)} mixtures, expected at least 4: some are kept back to measure"
        )
    train, validation, test = (
        RecordedMixtures(side, samples, spec.sample_rate) for side in (sides.train, sides.validation, sides.test)
    )
    return gather(Sides[MixtureSource](train, validation, test), spec, clips, has_sources=has_sources)


def gather(
    sources: Sides[MixtureSource], spec: TasNetSpec, clips: tuple[int, int], *, has_sources: bool
) -> LearningSpeech:
    """Draw the held-out clips and level everything."""
    rate = spec.sample_rate
    drawn = ((sources.validation, VALIDATION_SEED, clips[0]), (sources.test, TEST_SEED, clips[1]))
    held_out = [[levelled(clip, rate) for clip in source.batch(seed, 0, count)] for source, seed, count in drawn]
    quietest = min(speech_level_dbfs(clip.sum(axis=0), rate) for clip in (*held_out[0], *held_out[1]))
    if quietest < QUIETEST_DBFS:
        raise AudioError(
            f"held-out mixtures: found one of {quietest:.0f} dBFS, expected speech; remove silent files"
        )
    notes = (
        ()
        if has_sources
        else ("no true sources with the mixtures: the figures tell agreement with the original, not SI-SDR",)
    )
    return LearningSpeech(Levelled(sources.train, rate), held_out[0], held_out[1], has_sources, notes)
