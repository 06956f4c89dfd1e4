"""The shipped excerpt of speech."""

from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.audio.speech import speech_clip


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_excerpt_is_speech_of_any_length_and_rate(rate: int) -> None:
    clip = speech_clip(5 * rate, rate)
    assert clip.shape == (5 * rate,)
    assert clip.dtype == np.float32
    assert 0.01 < float(np.sqrt(np.mean(clip**2))) < 0.2
