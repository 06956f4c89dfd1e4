"""A rate that no audio has is refused wherever a recording is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio.files import read_clip
from tasnet2hef.audio.rates import require_rate
from tasnet2hef.base.errors import AudioError
from tasnet2hef.runtime.live.file_endpoints import FileMicrophone


@pytest.mark.parametrize("rate_hz", [1, 999, 384_001, 2**31 - 1])
def test_other_rates_are_refused(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.ones(100, np.float32), rate_hz)
    for read in (read_clip, FileMicrophone):
        with pytest.raises(AudioError, match=f"found {rate_hz} Hz, expected 1000 to 384000 Hz"):
            read(path)


@pytest.mark.parametrize("rate_hz", [1000, 384_000])
def test_the_ends_of_the_range_are_read(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.ones(100, np.float32), rate_hz)
    assert read_clip(path).sample_rate_hz == rate_hz
    require_rate("a device", rate_hz)
