"""Reads recordings: any rate, channel count and sample format that libsndfile supports.

A recording that can't be separated is refused in one line: a file that is missing, no audio, cut short, empty,
silent, or that holds NaN or infinite samples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError

Channel = int | Literal["mix", "each"]
"""``mix`` averages the channels, ``each`` keeps them apart, a number (from 1) takes one of them."""

UNKNOWN_FROM_BYTES = 0x7FFFF000
"""Writers to a pipe, which can't go back to the header, write lengths from here up; these are placeholders."""

PROMISED_BYTES = r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)"
"""libsndfile's log of a header that promises more bytes than there are, in WAV, AIFF, AU, W64 and RF64 files."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording: ``samples`` ``[channel, sample]``, full scale -1 to 1."""

    path: Path
    samples: Samples
    sample_rate_hz: int

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.length / self.sample_rate_hz


def read_clip(path: str | Path) -> Clip:
    """Read a whole recording.

    Raises:
        AudioError: see the module.
    """
    path = Path(path)
    _require_file(path)
    import soundfile

    try:
        with soundfile.SoundFile(path) as recording:
            _require_complete(path, recording)
            rows = recording.read(dtype="float32", always_2d=True)
            clip = Clip(path, np.ascontiguousarray(rows.T), recording.samplerate)
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise AudioError(
            f"{path}: found {path.stat().st_size} bytes that can't be read as audio ({error}); expected a whole "
            "WAV or FLAC file"
        ) from error
    _require_samples(clip)
    return clip


def is_empty(path: Path) -> bool:
    """Tell whether a recording has a header and no samples; what can't be read is not empty."""
    import soundfile

    try:
        return not soundfile.info(str(path)).frames
    except (soundfile.SoundFileError, OSError, TypeError):
        return False


def read_mono(path: Path, rate_hz: int) -> Samples:
    """Read ``[sample]`` at a model's rate, channels averaged; a higher rate is resampled.

    Raises:
        AudioError: it can't be read, or its rate is lower than the model's: the upper band would be empty.
    """
    clip = read_clip(path)
    if clip.sample_rate_hz < rate_hz:
        raise AudioError(
            f"{path}: found {clip.sample_rate_hz} Hz, expected at least the model's {rate_hz} Hz; give other "
            "recordings"
        )
    mono: Samples = resample(clip.samples.mean(axis=0, keepdims=True), clip.sample_rate_hz, rate_hz)[0]
    return mono


def choose_channels(clip: Clip, channel: Channel) -> Samples:
    """Return the channels to separate, ``[channel, sample]``: one for ``mix`` or a number, all for ``each``.

    Raises:
        OptionError: the recording has no such channel.
        AudioError: they are silent.
    """
    chosen = _channels(clip, channel)
    if chosen.any():
        return chosen
    if clip.samples.any():
        raise AudioError(
            f"{clip.path}: channel {channel} is silent while another one is not: nothing to separate; choose "
            f"another of its {len(clip.samples)} channels, or each"
        )
    raise AudioError(f"{clip.path}: silent, all {clip.length} samples are 0: nothing to separate")


def channels_together(clip: Clip, channel: Channel, count: int) -> Samples:
    """Return the channels of a recording for a net over ``count`` channels, ``[channel, sample]``.

    Raises:
        OptionError: one channel is asked for.
        AudioError: it has another number of them, or is silent.
    """
    if channel != "mix":
        raise OptionError(f"channel: found {channel} for a model over {count} channels, which takes all together")
    if len(clip.samples) != count:
        raise AudioError(
            f"{clip.path}: found {len(clip.samples)} channels, expected {count}: the model separates recordings "
            f"of {count} channels"
        )
    return choose_channels(clip, "each")


def _channels(clip: Clip, channel: Channel) -> Samples:
    if channel == "each":
        return clip.samples
    if channel == "mix":
        mean: Samples = clip.samples.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return mean
    count = len(clip.samples)
    if isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= count:
        raise OptionError(f"channel: found {channel!r}, expected mix, each or 1 to {count} for {clip.path}")
    return clip.samples[channel - 1 : channel]


def resample(samples: Samples, from_hz: int, to_hz: int, length: int | None = None) -> Samples:
    """Change the rate of ``[channel, sample]``, with soxr's default quality (HQ, linear phase).

    ``length`` is the number of samples to return; soxr's own differs from it by rounding and is cut or zero-padded
    at the end. Without it the result has ``round(samples * to_hz / from_hz)`` samples.
    """
    expected = round(samples.shape[1] * to_hz / from_hz) if length is None else length
    if from_hz != to_hz:
        import soxr

        # A copy: soxr refuses the strides that a view of a single sample keeps.
        rows = samples.T.copy(order="C")
        samples = np.ascontiguousarray(soxr.resample(rows, from_hz, to_hz).T)
    missing = max(0, expected - samples.shape[1])
    return np.pad(samples, ((0, 0), (0, missing)))[:, :expected]


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"{path}: found a folder, expected an audio file")
    if not path.exists():
        raise AudioError(f"{path}: no such file; check the path")
    if path.is_file() and not path.stat().st_size:
        raise AudioError(f"{path}: found 0 bytes, expected an audio file")


def _require_complete(path: Path, recording: Any) -> None:
    """Compare the header's length with the bytes in the file, as libsndfile logs them."""
    log = re.search(PROMISED_BYTES, recording.extra_info, re.MULTILINE)
    if log and int(log[2]) < int(log[1]) < UNKNOWN_FROM_BYTES:
        raise AudioError(
            f"{path}: cut short: found {log[2]} bytes, expected {log[1]} by its header; copy it again"
        )


def _require_samples(clip: Clip) -> None:
    if not clip.length:
        raise AudioError(f"{clip.path}: empty: found 0 samples at {clip.sample_rate_hz} Hz")
    broken = ~np.isfinite(clip.samples).all(axis=0)
    if broken.any():
        first = int(broken.argmax())
        raise AudioError(
            f"{clip.path}: found {int(broken.sum())} NaN or infinite samples, the first at "
            f"{first / clip.sample_rate_hz:.3f} s (sample {first}); expected finite ones"
        )
