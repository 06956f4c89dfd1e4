"""Reads recordings: any rate, channel count and sample format that libsndfile supports.

A recording that can't be separated is refused in one line: a file that is missing, no audio, cut short, empty,
silent, or that holds NaN or infinite samples.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from tasnet2hef.audio.rates import require_rate
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError

Channel = int | Literal["mix", "each"]
"""``mix`` averages the channels, ``each`` keeps them apart, a number (from 1) takes one of them."""

UNKNOWN_FROM_BYTES = 0x7FFFF000
"""Writers to a pipe, which can't go back to the header, write lengths from here up; these are placeholders."""

LARGEST_WAV_BYTES: Final = (1 << 32) + 7
"""The header counts all after its first 8 bytes in 32 bits. RF64 and W64 count in 64."""

PROMISED_BYTES = r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)"
"""libsndfile's log of a header that promises more bytes than there are, in WAV, AIFF, AU, W64 and RF64 files."""


_BLOCK_VALUES: Final = 1 << 18
"""Values read at once, all channels together: 1 MB of floats."""


@dataclass(frozen=True)
class Recording:
    """An audio file that is read block by block, so that its length does not matter."""

    path: Path
    channels: int
    sample_rate_hz: int
    promised_length: int
    """Samples per channel by the header, which may be wrong; those that were read count."""

    def blocks(self) -> Iterator[Samples]:
        """Read from the start: yield ``[channel, sample]``, full scale -1 to 1.

        Raises:
            AudioError: see the module; samples that are not finite are counted, so it comes at the end.
        """
        length = broken = first = 0
        with _opened(self.path) as recording:
            rows = max(1, _BLOCK_VALUES // self.channels)
            for block in recording.blocks(rows, dtype="float32", always_2d=True):
                wrong = ~np.isfinite(block).all(axis=1)
                if wrong.any() and not broken:
                    first = length + int(wrong.argmax())
                broken += int(wrong.sum())
                length += len(block)
                yield np.ascontiguousarray(block.T)
        if not length:
            raise AudioError(f"{self.path}: empty: found 0 samples at {self.sample_rate_hz} Hz")
        if broken:
            raise AudioError(
                f"{self.path}: found {broken} NaN or infinite samples, the first at "
                f"{first / self.sample_rate_hz:.3f} s (sample {first}); expected finite ones"
            )


@dataclass(frozen=True)
class ChosenChannels:
    """The channels of a recording that are separated."""

    recording: Recording
    channel: Channel

    @property
    def channels(self) -> int:
        """Number of channels that are separated."""
        return self.recording.channels if self.channel == "each" else 1

    def blocks(self) -> Iterator[Samples]:
        """Read from the start: yield ``[channel, sample]``.

        Raises:
            AudioError: see ``Recording.blocks``, or they are silent.
        """
        heard = heard_elsewhere = False
        length = 0
        for block in self.recording.blocks():
            chosen = _channels(block, self.channel)
            heard, heard_elsewhere = heard or bool(chosen.any()), heard_elsewhere or bool(block.any())
            length += block.shape[1]
            yield chosen
        if not heard:
            raise _silent(self.recording, self.channel, length, heard_elsewhere=heard_elsewhere)


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


def open_recording(path: str | Path) -> Recording:
    """Look at a recording's header.

    Raises:
        AudioError: it is missing, no audio, cut short, or a pipe, which can't be read twice.
    """
    path = Path(path)
    _require_file(path)
    with _opened(path) as recording:
        _require_complete(path, recording)
        _require_countable(path, recording)
        require_rate(path, recording.samplerate)
        return Recording(path, recording.channels, recording.samplerate, recording.frames)


def read_clip(path: str | Path) -> Clip:
    """Read a whole recording.

    Raises:
        AudioError: see the module.
    """
    recording = open_recording(path)
    samples = np.concatenate(list(recording.blocks()), axis=1)
    return Clip(recording.path, samples, recording.sample_rate_hz)


def is_empty(path: Path) -> bool:
    """Tell whether a recording has a header and no samples; what can't be read is not empty."""
    import soundfile

    try:
        return not soundfile.info(os.fsencode(path)).frames
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


def choose_recorded(recording: Recording, channel: Channel, together: int = 1) -> ChosenChannels:
    """Return the channels to separate: one for ``mix`` or a number, all for ``each`` or a net over ``together``.

    Raises:
        OptionError: the recording has no such channel, or one is asked for where the net takes all.
        AudioError: a net over several channels takes another number of them.
    """
    if together > 1:
        _require_together(recording.path, recording.channels, channel, together)
        return ChosenChannels(recording, "each")
    _require_channel(recording.path, recording.channels, channel)
    return ChosenChannels(recording, channel)


def choose_channels(clip: Clip, channel: Channel) -> Samples:
    """Return the channels to separate, ``[channel, sample]``: one for ``mix`` or a number, all for ``each``.

    Raises:
        OptionError: the recording has no such channel.
        AudioError: they are silent.
    """
    recording = Recording(clip.path, len(clip.samples), clip.sample_rate_hz, clip.length)
    _require_channel(clip.path, recording.channels, channel)
    chosen = _channels(clip.samples, channel)
    if not chosen.any():
        raise _silent(recording, channel, clip.length, heard_elsewhere=bool(clip.samples.any()))
    return chosen


def channels_together(clip: Clip, channel: Channel, count: int) -> Samples:
    """Return the channels of a recording for a net over ``count`` channels, ``[channel, sample]``.

    Raises:
        OptionError: one channel is asked for.
        AudioError: it has another number of them, or is silent.
    """
    _require_together(clip.path, len(clip.samples), channel, count)
    return choose_channels(clip, "each")


def _require_together(path: Path, channels: int, channel: Channel, count: int) -> None:
    if channel != "mix":
        raise OptionError(f"channel: found {channel} for a model over {count} channels, which takes all together")
    if channels != count:
        raise AudioError(
            f"{path}: found {channels} channels, expected {count}: the model separates recordings of {count} "
            "channels"
        )


def _require_channel(path: Path, channels: int, channel: Channel) -> None:
    if channel in ("mix", "each"):
        return
    if isinstance(channel, bool) or not isinstance(channel, int) or not 1 <= channel <= channels:
        raise OptionError(f"channel: found {channel!r}, expected mix, each or 1 to {channels} for {path}")


def _channels(samples: Samples, channel: Channel) -> Samples:
    if channel == "each":
        return samples
    if channel == "mix":
        mean: Samples = samples.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return mean
    return samples[channel - 1 : channel]


def _silent(recording: Recording, channel: Channel, length: int, *, heard_elsewhere: bool) -> AudioError:
    if heard_elsewhere:
        return AudioError(
            f"{recording.path}: channel {channel} is silent while another one is not: nothing to separate; choose "
            f"another of its {recording.channels} channels, or each"
        )
    return AudioError(f"{recording.path}: silent, all {length} samples are 0: nothing to separate")


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


def resampled_blocks(
    blocks: Iterable[Samples], channels: int, from_hz: int, to_hz: int, length: int | None = None
) -> Iterator[Samples]:
    """Change the rate of blocks ``[channel, sample]``; joined, the results are those of ``resample``."""
    import soxr

    stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32")
    taken = given = 0
    for block in blocks:
        changed = block if stream is None else _next(stream, block, last=False)
        taken += block.shape[1]
        changed = changed if length is None else changed[:, : length - given]
        given += changed.shape[1]
        yield changed
    missing = max(0, (round(taken * to_hz / from_hz) if length is None else length) - given)
    nothing = np.zeros((channels, 0), np.float32)
    rest = nothing if stream is None else _next(stream, nothing, last=True)[:, :missing]
    yield np.pad(rest, ((0, 0), (0, missing - rest.shape[1])))


def _require_countable(path: Path, recording: Any) -> None:
    """Refuse a WAV file whose header can't hold its length: what lies beyond would be left out."""
    if recording.format in ("WAV", "WAVEX") and path.stat().st_size > LARGEST_WAV_BYTES:
        raise AudioError(
            f"{path}: found a WAV file of {path.stat().st_size} bytes, expected at most {LARGEST_WAV_BYTES}, "
            "which its header can count; convert it to FLAC, RF64 or W64"
        )


def _next(stream: Any, block: Samples, *, last: bool) -> Samples:
    return np.ascontiguousarray(stream.resample_chunk(block.T.copy(order="C"), last=last).T)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import soundfile

    try:
        with soundfile.SoundFile(os.fsencode(path)) as recording:
            yield recording
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise AudioError(
            f"{path}: found {path.stat().st_size} bytes that can't be read as audio ({error}); expected a whole "
            "WAV or FLAC file"
        ) from error


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"{path}: found a folder, expected an audio file")
    if not path.exists():
        raise AudioError(f"{path}: no such file; check the path")
    if path.is_fifo():  # opening it would wait for a writer
        raise AudioError(f"{path}: found a pipe, expected a file, which can be read twice; write it to one")
    if path.is_file() and not path.stat().st_size:
        raise AudioError(f"{path}: found 0 bytes, expected an audio file")


def _require_complete(path: Path, recording: Any) -> None:
    """Compare the header's length with the bytes in the file, as libsndfile logs them."""
    log = re.search(PROMISED_BYTES, recording.extra_info, re.MULTILINE)
    if log and int(log[2]) < int(log[1]) < UNKNOWN_FROM_BYTES:
        raise AudioError(
            f"{path}: cut short: found {log[2]} bytes, expected {log[1]} by its header; copy it again"
        )
