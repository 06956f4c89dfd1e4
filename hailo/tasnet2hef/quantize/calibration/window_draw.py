"""Draws calibration windows from a folder of recordings, as the chip will hear them.

Positions are spread evenly over all audio, so that silence, level and clipping keep their share. Files are opened
only where a window is read. Where the folder holds ``*_mixture`` files, only these are taken: the sources beside
them are not inputs of the model.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.collection import MIXTURE, audio_files
from tasnet2hef.audio.files import resample
from tasnet2hef.audio.level import levelling_gain, rms_dbfs
from tasnet2hef.audio.rates import require_rate
from tasnet2hef.audio.samples import Samples, interleave
from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.quantize.calibration.content import SILENCE_DBFS
from tasnet2hef.quantize.calibration.stream_excerpt import excerpt_samples

CLIPPED_FROM: Final = 0.999
DEFAULT_SPREAD_DB: Final = 6.0
"""Measured on a gLN net whose evaluation recordings were 5 dB quieter than the calibration's, 16 bits throughout:
agreement with float is 26 dB without a spread, 30 with 3 dB and 64 with 6 (1 / deviation had left its range)."""
MIXING_DB: Final = 2.5
"""Mixed voices are each scaled by -2.5 to 2.5 dB, as in WSJ0-2mix (Hershey et al., ICASSP 2016: 0 to 5 dB SNR)."""


@dataclass(frozen=True)
class Recording:
    """A readable file, with its length in samples at its own rate."""

    path: Path
    samples: int
    sample_rate_hz: int
    channels: int = 1

    @property
    def seconds(self) -> float:
        """Length."""
        return self.samples / self.sample_rate_hz


@dataclass(frozen=True)
class Draw:
    """What to draw: ``windows`` windows, each of ``mixed`` recordings, at a level of +- ``level_spread_db``.

    ``mixed`` None: as many as suit the recordings and the model. ``any_data`` takes what would be refused.
    """

    windows: int
    seed: int = 0
    mixed: int | None = None
    level_spread_db: float = DEFAULT_SPREAD_DB
    any_data: bool = False


def find_recordings(folder: Path) -> tuple[list[Recording], list[str]]:
    """Return the readable recordings below a folder (or the one file given), sorted, and notes on the others.

    Raises:
        AudioError: there is none.
    """
    if not folder.exists():
        raise AudioError(f"{folder}: found nothing, expected a folder of WAV or FLAC files")
    paths = [folder] if folder.is_file() else audio_files(folder)
    mixtures = [path for path in paths if path.stem.endswith(MIXTURE)]
    recordings, notes = [], []
    for path in mixtures or paths:
        try:
            recordings.append(_inspect(path))
        except AudioError as error:
            notes.append(f"left out: {error}")
    recordings = [recording for recording in recordings if recording.samples]
    if not recordings:
        raise AudioError(
            f"{folder}: found no usable recording among {len(paths)} files, expected WAV or FLAC; "
            + (notes[0] if notes else "give another folder")
        )
    return recordings, notes


def require_audio(recordings: Sequence[Recording], contract: GraphContract, draw: Draw) -> list[str]:
    """Check that there is enough audio at a suitable rate; return notes.

    Raises:
        AudioError: all recordings together are shorter than one window, or fewer than are to be mixed.
    """
    rate = contract.spec.sample_rate
    mixed = draw.mixed or 1
    window_seconds = excerpt_samples(contract) / contract.spec.values_per_second
    _require_channels(recordings, contract.spec.audio_channels)
    total = sum(recording.seconds for recording in recordings)
    if total < window_seconds:
        raise AudioError(
            f"{recordings[0].path.parent}: found {total:.1f} s of audio, expected at least one window of "
            f"{window_seconds:.1f} s; give more recordings"
        )
    if len(recordings) < mixed:
        raise AudioError(f"mix: found {len(recordings)} recordings, expected at least {mixed} to mix")
    notes = []
    wanted = draw.windows * window_seconds * mixed
    if total < wanted:
        notes.append(f"too little audio: {total:.0f} s for {wanted:.0f} s of windows, so that they overlap")
    lower = [recording for recording in recordings if recording.sample_rate_hz < rate]
    higher = [recording for recording in recordings if recording.sample_rate_hz > rate]
    if lower:
        notes.append(
            f"wrong rate: {len(lower)} recordings at {lower[0].sample_rate_hz} Hz hold nothing above "
            f"{lower[0].sample_rate_hz // 2} Hz, the model was trained at {rate} Hz ({lower[0].path.name} is one)"
        )
    if higher:
        notes.append(
            f"{len(higher)} recordings resampled to {rate} Hz from {higher[0].sample_rate_hz} Hz and others"
        )
    return notes


def _require_channels(recordings: Sequence[Recording], channels: int) -> None:
    other = [recording for recording in recordings if channels > 1 and recording.channels != channels]
    if other:
        raise AudioError(
            f"{other[0].path}: found {other[0].channels} channels, expected {channels}: the model separates "
            f"recordings of {channels} channels; leave it out ({len(other)} of {len(recordings)} are like this)"
        )


def draw_windows(recordings: Sequence[Recording], contract: GraphContract, draw: Draw) -> Iterator[Samples]:
    """Yield ``draw.windows`` windows ``[sample]`` at the model's rate; the same seed draws the same windows."""
    ends = np.cumsum([recording.seconds for recording in recordings])
    generator = np.random.default_rng(draw.seed)
    mixed = draw.mixed or 1
    for number in range(draw.windows):
        parts = []
        for voice in range(mixed):
            spread = 0.0 if voice == 0 and mixed == 1 else MIXING_DB
            place = (number + generator.random()) / draw.windows if voice == 0 else generator.random()
            chosen = min(int(np.searchsorted(ends, place * ends[-1])), len(recordings) - 1)
            inside = 1 - (ends[chosen] - place * ends[-1]) / recordings[chosen].seconds
            part = _excerpt(recordings[chosen], inside, contract)
            parts.append(part * _gain(generator.uniform(-spread, spread)))
        level = generator.uniform(-draw.level_spread_db, draw.level_spread_db)
        window: Samples = np.sum(np.stack(parts), axis=0)
        if contract.input_level_dbfs is not None and rms_dbfs(window) > SILENCE_DBFS:
            window *= levelling_gain(window, contract.spec.values_per_second, contract.input_level_dbfs)
        yield np.clip(window * _gain(level), -1.0, 1.0).astype(np.float32)


def _gain(db: float) -> float:
    return float(10 ** (db / 20))


def _inspect(path: Path) -> Recording:
    import soundfile

    try:
        info = soundfile.info(os.fsencode(path))
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise AudioError(f"{path}: can't be read as audio ({error})") from error
    require_rate(path, int(info.samplerate))
    return Recording(path, int(info.frames), int(info.samplerate), int(info.channels))


def _excerpt(recording: Recording, place: float, contract: GraphContract) -> Samples:
    """Return one window ``[sample]``; ``place`` (0 to 1) is where it starts. Short recordings are repeated.

    Channels are averaged, or interleaved for a model that separates them together.
    """
    import soundfile

    rate, channels = contract.spec.sample_rate, contract.spec.audio_channels
    wanted = excerpt_samples(contract) // channels
    needed = -(-wanted * recording.sample_rate_hz // rate)
    start = int(place * max(recording.samples - needed, 0))
    try:
        samples, _ = soundfile.read(os.fsencode(recording.path), needed, start, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{recording.path}: can't be read as audio ({error}); leave it out") from error
    if not np.isfinite(samples).all():
        raise AudioError(f"{recording.path}: found NaN or infinite samples, expected finite ones; leave it out")
    if not len(samples):
        raise AudioError(f"{recording.path}: found no samples at {start}, expected {needed}; leave it out")
    if channels == 1:
        samples = samples.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    at_rate = resample(np.ascontiguousarray(samples.T), recording.sample_rate_hz, rate)
    return interleave(np.stack([np.resize(channel, wanted) for channel in at_rate]))
