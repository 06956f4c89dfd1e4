"""Single voices are mixed for a net of two sources, mixtures are left alone, and why is said with its figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.quantize.calibration.mix_choice import choose_mix
from tasnet2hef.quantize.calibration.window_draw import Draw, find_recordings
from tests.sign_split import SignSplit

Choose = Callable[..., tuple[int, str]]


@pytest.fixture
def choose(tmp_path: Path, contract: Callable[..., GraphContract]) -> Choose:
    """Ask a net that gives positive samples to one source and negative ones to the other."""

    def ask(*recordings: Samples, name: str = "voice", **options: object) -> tuple[int, str]:
        for number, samples in enumerate(recordings):
            soundfile.write(tmp_path / f"{number}_{name}.wav", samples, 8000, subtype="FLOAT")
        backend = SignSplit(contract(**options))
        return choose_mix(find_recordings(tmp_path)[0], backend.contract, Draw(4), backend)

    return ask


def voice(seed: int) -> Samples:
    return np.abs(0.1 * np.random.default_rng(seed).standard_normal(8000)).astype(np.float32)


def both(seed: int) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(8000)).astype(np.float32)


def test_single_voices_are_mixed(choose: Choose) -> None:
    mixed, why = choose(voice(0), -voice(1), voice(2))
    assert mixed == 2
    assert "single voices: in 16 of 16 windows" in why
    assert "--mix 1" in why


def test_mixtures_are_left_alone(choose: Choose) -> None:
    mixed, why = choose(both(0), both(1))
    assert mixed == 1
    assert "mixtures already: in 0 of 16 windows" in why


def test_most_of_the_windows_decide(choose: Choose) -> None:
    assert choose(both(0), both(1), voice(2))[0] == 1


def test_names_that_say_mixture_are_believed(choose: Choose) -> None:
    assert choose(voice(0), voice(1), name="mixture") == (1, "")


def test_one_recording_is_too_few_to_mix(choose: Choose) -> None:
    mixed, why = choose(voice(0))
    assert mixed == 1
    assert "too few to mix" in why


def test_silence_says_nothing(choose: Choose) -> None:
    assert choose(0 * voice(0), 0 * voice(1)) == (1, "")


def test_recordings_that_can_not_be_read(choose: Choose) -> None:
    with pytest.raises(AudioError, match="NaN or infinite samples"):
        choose(voice(0) * np.nan, voice(1) * np.nan)
