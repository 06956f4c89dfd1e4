"""Reads a recording at a net's rate, one channel."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.audio.files import read_clip, resample
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError


def read_mono(path: Path, rate_hz: int) -> Samples:
    """Read ``[sample]``, channels averaged; a higher rate is brought down.

    Raises:
        AudioError: it can't be read, or its rate is lower than the net's: it holds nothing of the upper band.
    """
    clip = read_clip(path)
    found = clip.sample_rate_hz
    if found < rate_hz:
        raise AudioError(
            f"{path}: found {found} Hz, expected at least the model's {rate_hz} Hz; give other speech"
        )
    mono: Samples = resample(clip.samples.mean(axis=0, keepdims=True), found, rate_hz)[0]
    return mono
