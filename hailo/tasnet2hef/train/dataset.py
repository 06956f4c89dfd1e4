"""The data set of a training: a folder of speech mixed on the fly, or existing mixtures.

What a folder holds decides how it is read:

- mixtures with a table: CSV files with columns ``mixture_path``, ``source_1_path`` ... (LibriMix's metadata);
- mixtures in folders: ``mix_clean/``, ``mix_both/``, ``mix/`` with ``s1/``, ``s2/`` beside (WHAM!, LibriMix), or
  ``NAME_mixture.wav`` with ``NAME_source_1.wav`` and so on; sources may be missing;
- anything else is speech, whose speakers names and folders tell apart (`audio.speakers`). The sources of a mixture
  are from different speakers.

Clips are arrays ``[row, sample]`` whose rows add up to the mixture: the sources, then noise; one row without known
sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.level import levelling_gain, speech_level_dbfs
from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.speakers import ONE, Recordings, group_by_speaker
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.train.loop import MixtureSource
from tasnet2hef.train.mixture_corpus import MixtureCorpus, MixtureFile, find_mixtures
from tasnet2hef.train.speaker_corpus import enough_speakers, make_mixer, split_speakers
from tasnet2hef.train.split import Split, split_by_name

INPUT_LEVEL_DBFS: Final = -25.0
"""Speech level of the mixtures that constants are fitted to, and to which the host scales its input."""
LEVEL_SPREAD_DB: Final = 3.0
"""A live stream's level is known with a delay: students train on levels this much higher or lower."""
QUIETEST_DBFS: Final = -80.0
HELD_OUT_SHARE: Final = 0.3
"""Hours read for validation, and for the test, as a share of those read for training."""
ONE_VOICE: Final = (
    "--one-speaker: mixtures of one voice with itself, which a net of {n_src} sources was not trained for: the "
    "figures say little about mixtures of different voices"
)
VALIDATION_SEED, TEST_SEED, FREEZE_SEED = 2, 3, 4


@dataclass(frozen=True)
class LevelledMixtures:
    """Mixtures at the level to which the host scales its input, plus or minus ``spread_db``."""

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
    """Scale ``[row, sample]`` so that its mixture is at ``INPUT_LEVEL_DBFS`` plus an offset."""
    gain = levelling_gain(clip.sum(axis=0), sample_rate_hz, INPUT_LEVEL_DBFS + offset_db)
    return clip * np.float32(gain)


@dataclass(frozen=True)
class Dataset:
    """Mixtures for training, and clips for validation and test; no recording is in two of them."""

    training: MixtureSource
    validation: Sequence[Samples]
    test: Sequence[Samples]
    has_sources: bool
    notes: tuple[str, ...] = ()

    def freezing_mixtures(self, count: int) -> Samples:
        """Return training mixtures ``[clip, sample]`` that the constants of the norms are fitted to."""
        mixtures: Samples = self.training.batch(FREEZE_SEED, 0, count).sum(axis=1)
        return mixtures


def read_dataset(
    folder: Path,
    spec: TasNetSpec,
    *,
    seconds: float,
    clips: tuple[int, int],
    most_hours: float = 10.0,
    speakers: str = "",
) -> Dataset:
    """Read a folder for a net; ``clips`` are the numbers of mixtures for validation and for the test.

    ``speakers`` is how the speakers are told apart, see `group_by_speaker`; empty: by the rules there.

    Raises:
        AudioError: there is no speech, too little of it, of a lower rate than the net's, or it is silent;
            or nothing tells the speakers apart.
        OptionError: a clip is shorter than one frame of the net.
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
        return _of_mixtures(folder, files, spec, samples, clips)
    if spec.n_src == 1:
        raise AudioError(
            f"{folder}: found no mixtures, expected some: a net of one source separates it from noise; give "
            "recordings named NAME_mixture.wav, and NAME_source_1.wav beside them if the clean speech is known"
        )
    groups = group_by_speaker(folder, speakers)
    notes = (groups.sentence(folder), *((ONE_VOICE.format(n_src=spec.n_src),) if speakers == ONE else ()))
    split = split_speakers(enough_speakers(groups, folder, spec.n_src, speakers), folder, spec.n_src)
    return replace(_of_speakers(split, spec, samples, clips, most_hours), notes=notes)


def _of_speakers(
    speakers: Split[Recordings], spec: TasNetSpec, samples: int, clips: tuple[int, int], most_hours: float
) -> Dataset:
    """Mix recordings of speakers on the fly."""

    def mixer(part: Recordings, hours: float, *, speed: bool) -> MixtureSource:
        return make_mixer(part, spec.n_src, samples, spec.sample_rate, hours, speed)

    held_out_hours = most_hours * HELD_OUT_SHARE
    mixtures = Split[MixtureSource](
        mixer(speakers.training, most_hours, speed=True),
        mixer(speakers.validation, held_out_hours, speed=False),
        mixer(speakers.test, held_out_hours, speed=False),
    )
    return _assembled(mixtures, spec, clips, has_sources=True)


def _of_mixtures(
    folder: Path, files: Sequence[MixtureFile], spec: TasNetSpec, samples: int, clips: tuple[int, int]
) -> Dataset:
    """Draw from existing mixtures; sources are used only where every mixture has them."""
    has_sources = all(file.sources for file in files)
    usable = files if has_sources else [MixtureFile(file.mixture) for file in files]
    split = split_by_name(usable, [file.mixture.name for file in usable])
    if not split.training:
        raise AudioError(
            f"{folder}: found {len(files)} mixtures, expected at least 4: some are held out to validate and test"
        )
    training, validation, test = (
        MixtureCorpus(part, samples, spec.sample_rate) for part in (split.training, split.validation, split.test)
    )
    return _assembled(Split[MixtureSource](training, validation, test), spec, clips, has_sources=has_sources)


def _assembled(
    mixtures: Split[MixtureSource], spec: TasNetSpec, clips: tuple[int, int], *, has_sources: bool
) -> Dataset:
    """Draw the held-out clips and scale all mixtures to one level."""
    rate = spec.sample_rate
    draws = ((mixtures.validation, VALIDATION_SEED, clips[0]), (mixtures.test, TEST_SEED, clips[1]))
    held_out = [[levelled(clip, rate) for clip in source.batch(seed, 0, count)] for source, seed, count in draws]
    quietest = min(speech_level_dbfs(clip.sum(axis=0), rate) for clip in (*held_out[0], *held_out[1]))
    if quietest < QUIETEST_DBFS:
        raise AudioError(
            f"held-out mixtures: found one of {quietest:.0f} dBFS, expected speech; remove silent files"
        )
    notes = (
        ()
        if has_sources
        else ("no true sources with the mixtures: the figures are agreement with the original, not SI-SDR",)
    )
    return Dataset(LevelledMixtures(mixtures.training, rate), held_out[0], held_out[1], has_sources, notes)
