"""What is nothing like speech is refused with its figure, whoever made the set; real speech never is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio import speech
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.content import ContentMeter, flaws_of, remarks_of
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble
from tests.sign_split import make_contract, save_graph

VOICES = Path("/usr/share/asterisk/sounds")
SECOND = 8000


def noise(samples: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def coloured(power: float) -> Samples:
    """Return noise whose spectrum falls with a power of the frequency."""
    spectrum = np.fft.rfft(noise(32 * SECOND))
    shaped = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 100) ** power)
    return (0.05 * shaped / shaped.std()).astype(np.float32)


def excerpt() -> Samples:
    with resources.as_file(resources.files(speech) / "excerpt.flac") as path:
        return soundfile.read(path, dtype="float32")[0]


def judged(samples: Samples, seconds: float, level_dbfs: float | None = None) -> tuple[list[str], list[str]]:
    """Return what is refused and what is remarked of a recording cut into windows."""
    size = round(seconds * SECOND)
    meter = ContentMeter(SECOND)
    for start in range(0, len(samples) - size + 1, size):
        meter.note(samples[start : start + size])
    flaws = flaws_of(meter.content(), level_dbfs)
    return list(flaws.refused), list(flaws.remarked)


@pytest.mark.parametrize(
    ("colour", "seconds"), [(0.0, 0.05), (0.0, 0.5), (0.5, 0.1), (0.5, 0.5), (0.5, 2.0), (1.0, 0.5), (1.0, 2.0)]
)
def test_noise_of_any_colour_and_window_is_refused(colour: float, seconds: float) -> None:
    (refused,), _ = judged(coloured(colour), seconds)
    assert "noise, no speech: its spectrum varies by" in refused


def test_noise_that_changes_its_level_is_noise() -> None:
    loud = np.repeat(10 ** (np.random.default_rng(1).uniform(-20, 0, 32) / 20), SECOND)
    (refused,), _ = judged((coloured(0.5) * loud).astype(np.float32), 1.0)
    assert "noise, no speech" in refused


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0])
def test_real_speech_has_no_flaw(seconds: float) -> None:
    assert judged(excerpt(), seconds) == ([], [])
    assert judged(excerpt(), seconds, -25.0) == ([], [])


@pytest.mark.skipif(not VOICES.is_dir(), reason="Debian's asterisk-core-sounds are not installed")
@pytest.mark.parametrize("noise_db", [-40.0, -20.0, -5.0, 0.0])
def test_telephone_prompts_are_never_refused(noise_db: float) -> None:
    for folder in sorted(path for path in VOICES.iterdir() if path.is_dir() and not path.is_symlink()):
        prompts = [soundfile.read(path, dtype="float32")[0] for path in sorted(folder.glob("*.wav"))[:60]]
        voice = np.concatenate(prompts)
        heard = voice + voice.std() * 10 ** (noise_db / 20) * noise(len(voice))
        for seconds in (0.1, 2.0):
            assert judged(heard, seconds, -25.0)[0] == []


def test_speech_as_loud_as_its_noise_is_remarked() -> None:
    voice = excerpt()
    refused, remarked = judged(voice + 1.2 * voice.std() * noise(len(voice)), 0.5)
    assert not refused
    assert "hardly more than noise" in remarked[0]


def test_tones_are_no_noise() -> None:
    time = np.arange(8 * SECOND) / SECOND
    steady = 0.1 * np.sin(2 * np.pi * 441.37 * time)
    refused, remarked = judged(steady.astype(np.float32), 0.33)
    assert not refused
    assert "steady tones" in remarked[0]
    tune = 0.1 * np.sin(2 * np.pi * np.cumsum(220 * 2 ** ((time // 0.25) % 7 / 12)) / SECOND)
    assert judged(tune.astype(np.float32), 0.33)[0] == []


@pytest.mark.parametrize(
    ("gain_db", "level_dbfs", "refused", "remarked"),
    [
        (0.0, -25.0, "", ""),
        (-60.0, -25.0, "dB below the model's level of -25 dBFS", ""),
        (60.0, -25.0, "dB above the model's level of -25 dBFS", ""),
        (90.3, None, "dB above that of recorded speech", ""),
        (-20.0, -25.0, "", "dB below the model's level"),
        (-20.0, None, "", ""),
        (-60.0, -85.0, "silence", ""),
    ],
)
def test_the_level_is_compared_with_the_models(
    gain_db: float, level_dbfs: float | None, refused: str, remarked: str
) -> None:
    found = judged(excerpt() * np.float32(10 ** (gain_db / 20)), 0.5, level_dbfs)
    for texts, words in zip(found, (refused, remarked), strict=True):
        assert any(words in text for text in texts) if words else texts == [] or gain_db == -60


@pytest.mark.parametrize("scaled", [False, True])
def test_one_window_again_and_again_is_refused(scaled: bool) -> None:
    window = excerpt()[:SECOND]
    gains = np.linspace(0.2, 1.0, 8) if scaled else np.ones(8)
    refused, _ = judged(np.concatenate([gain * window for gain in gains]).astype(np.float32), 1.0)
    assert refused[0].startswith("7 of 8 windows repeat another one: ranges are measured on 1 different")


def test_some_windows_again_are_remarked() -> None:
    refused, remarked = judged(np.concatenate([excerpt(), excerpt()]), 0.5)
    assert not refused
    assert remarked[0].startswith("6 of 12 windows repeat another one")


def test_silence() -> None:
    pauses = np.concatenate([excerpt()[:SECOND], np.zeros(19 * SECOND, np.float32)])
    assert judged(pauses, 1.0)[0][0].startswith("silence: 19 of 20 windows lie below -60 dBFS")
    assert judged(np.zeros(4 * SECOND, np.float32), 1.0)[0][0].startswith("silence: 4 of 4 windows")
    refused, remarked = judged(np.concatenate([excerpt(), np.zeros(4 * SECOND, np.float32)]), 0.5)
    assert not refused
    assert "silence: 8 of 14 windows" in remarked[0]


def test_clipping() -> None:
    voice = excerpt()
    refused, _ = judged(np.clip(400 * voice, -1, 1) * np.float32(0.1), 0.5)
    assert "clipped: in 6 of 6 windows" in refused[0]
    assert judged(np.clip(4 * voice, -1, 1), 0.5)[0] == []


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[str]]:
    """Write windows as somebody else would, and read them for a net."""

    def make(samples: Samples, level_dbfs: float | None = -25.0, *, any_data: bool = False) -> list[str]:
        contract = dataclasses.replace(make_contract(), input_level_dbfs=level_dbfs)
        graph = OpenedGraph.read(save_graph(tmp_path / "net.onnx", contract))
        ((layer, shape),) = graph.window_shapes.items()
        windows = samples[: len(samples) // int(np.prod(shape)) * int(np.prod(shape))].reshape(-1, *shape)
        np.savez(tmp_path / "own.npz", **{layer: windows.astype(np.float32)})
        return remarks_of(open_calibration(tmp_path / "own.npz"), graph, any_data=any_data)

    return make


def test_a_set_of_somebody_else_is_looked_at(read: Callable[..., list[str]]) -> None:
    assert read(babble(4.0, 0, level=0.2)) == [] or "hardly more" in read(babble(4.0, 0, level=0.2))[0]
    assert read(excerpt()) == []
    with pytest.raises(AudioError, match=r"own\.npz: noise, no speech"):
        read(0.05 * noise(8000))
    (taken,) = read(0.05 * noise(8000), any_data=True)
    assert "taken as it is although noise, no speech" in taken
    with pytest.raises(AudioError, match="58 dB below the model's level"):
        read(excerpt(), 35.0)
