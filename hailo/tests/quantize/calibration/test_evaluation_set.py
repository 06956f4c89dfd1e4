from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.base.errors import AudioError
from tasnet2hef.quantize.calibration.evaluation_set import EvaluationClip, cut_windows, read_evaluation
from tasnet2hef.quantize.score import Score, Scorer, relative_noise, score_clips
from tests.quantize.small_net import babble


@pytest.mark.slow
def test_mixtures_with_their_sources(test_set, simulator):
    clips, notes = read_evaluation(test_set, simulator.contract)
    assert [clip.path.name for clip in clips] == ["talk0_mixture.wav", "talk1_mixture.wav"]
    assert notes == []
    assert {clip.references.shape for clip in clips} == {(2, len(clips[0].mixture))}
    assert 15 < score_clips(simulator.float_backend(), clips) < 21


def test_without_sources_agreement_is_reported(tmp_path, simulator):
    soundfile.write(tmp_path / "a_mixture.wav", babble(0.5, 0), 8000)
    clips, notes = read_evaluation(tmp_path, simulator.contract)
    assert clips[0].references is None
    assert "agreement with the float model, not SI-SDR; expected a_mixture_source_1.wav" in notes[0]
    assert score_clips(simulator.backend(), clips) is None


def test_sources_of_another_length_are_refused(tmp_path, simulator):
    soundfile.write(tmp_path / "a_mixture.wav", babble(0.5, 0), 8000)
    for number in (1, 2):
        soundfile.write(tmp_path / f"a_source_{number}.wav", babble(0.4, 0), 8000)
    with pytest.raises(AudioError, match="found 3200 samples at 8000 Hz, expected the mixture's 4000"):
        read_evaluation(tmp_path, simulator.contract)


@pytest.mark.parametrize("make", [False, True])
def test_no_recordings(tmp_path, simulator, make):
    folder = tmp_path / "empty"
    if make:
        folder.mkdir()
    with pytest.raises(AudioError, match="found no recordings" if make else "found no folder"):
        read_evaluation(folder, simulator.contract)


def test_windows_are_spread_and_silent_sources_left_out(tmp_path, simulator):
    size = simulator.contract.window_samples
    sources = np.stack([babble(1.0, 0), babble(1.0, 1)])[:, : 8 * size]
    sources[1, : 4 * size] = 0
    clip = EvaluationClip(tmp_path, sources.sum(axis=0), sources)
    windows = cut_windows([clip], simulator.contract, 3)
    assert len(windows) == 3
    assert len(cut_windows([clip], simulator.contract, 99)) == 4
    assert all(window.references[1].any() for window in windows)
    with pytest.raises(AudioError, match="found no window"):
        cut_windows([EvaluationClip(tmp_path, sources[0], 0 * sources)], simulator.contract, 3)


def test_a_short_clip_is_repeated(tmp_path, simulator):
    clip = EvaluationClip(tmp_path, babble(0.05, 0), None)
    window = cut_windows([clip], simulator.contract, 3)[0].mixture
    np.testing.assert_array_equal(window[:400], window[400:800])


def test_agreement_is_si_sdr_against_float():
    generator = np.random.default_rng(0)
    exact = generator.standard_normal((2, 4000)).astype(np.float32)
    exact -= exact.mean(axis=1, keepdims=True)
    actual = 3 * exact + 0.1 * generator.standard_normal((2, 4000)).astype(np.float32)
    actual -= actual.mean(axis=1, keepdims=True)
    expected = score_sources(exact, actual, exact.sum(axis=0)).si_sdr_db
    noises = [relative_noise(exact[i : i + 1], actual[i : i + 1]) for i in (0, 1)]
    assert [Score(noise, None).agreement_db for noise in noises] == pytest.approx(expected, abs=0.01)
    assert Score(0.0, None).agreement_db == 100.0


def test_the_float_net_agrees_with_itself(test_set, simulator):
    clips, _ = read_evaluation(test_set, simulator.contract)
    scorer = Scorer(cut_windows(clips, simulator.contract, 3), simulator.float_backend())
    score = scorer.score(simulator.float_backend())
    assert score.noise == 0
    assert score.figure_db == score.si_sdr_db
