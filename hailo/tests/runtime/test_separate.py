from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.runtime.separate import separate_array, separate_file

ASTERISK = Path("/usr/share/asterisk/sounds")


def noise(samples: int, channels: int = 1) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((samples, channels))).astype(np.float32)


def decibels(signal: np.ndarray, error: np.ndarray) -> float:
    return float(10 * np.log10((signal**2).sum() / max((error**2).sum(), 1e-30)))


def test_sources_line_up_and_add_up_to_the_recording(model, wav, tmp_path):
    clip = noise(4321)
    report = separate_file(model, wav(samples=clip), tmp_path / "out", sample_format="float32")
    assert [path.name for path in report.outputs] == ["clip_source_1.wav", "clip_source_2.wav"]
    first, second = (soundfile.read(path, dtype="float32")[0] for path in report.outputs)
    recording, _ = soundfile.read(tmp_path / "clip.wav", dtype="float32")
    np.testing.assert_allclose(first, np.maximum(recording, 0), rtol=0, atol=1e-6)
    assert decibels(recording, first + second - recording) > 100
    assert report.gain == pytest.approx((1, 1))
    assert (report.window_seconds, report.sample_rate_hz, report.windows) == (0.1, 8000, 10)
    assert report.rtf > 0
    assert report.notes == ()
    assert report.si_sdr_db is None


@pytest.mark.parametrize("gains", [(6000.0, 6000.0), (-300.0, -100.0), (1e-4, 2e-4)])
def test_any_scale_of_the_model_is_undone(tmp_path, contract, graph, wav, gains):
    loud = graph(tmp_path / "loud.onnx", contract(), gains=gains)
    report = separate_file(loud, wav(samples=noise(4000)), tmp_path)
    assert report.gain == pytest.approx([1 / gain for gain in gains], rel=1e-4)
    total = sum(soundfile.read(path)[0] for path in report.outputs)
    recording, _ = soundfile.read(tmp_path / "clip.wav")
    assert np.abs(total - recording).max() < 4 / 32768


def test_raw_scale_is_kept_as_float(tmp_path, contract, graph, wav):
    loud = graph(tmp_path / "loud.onnx", contract(), gains=(6000, 6000))
    report = separate_file(loud, wav(samples=noise(4000)), tmp_path, raw_scale=True)
    assert report.gain == (1, 1)
    assert soundfile.info(report.outputs[0]).subtype == "FLOAT"
    assert soundfile.read(report.outputs[0])[0].max() > 1000


def test_loud_sources_are_scaled_alike_and_it_is_noted(model, wav, tmp_path):
    clip = 20 * noise(4000)
    report = separate_file(model, wav(samples=clip, subtype="FLOAT"), tmp_path)
    assert report.gain == pytest.approx([1 / np.abs(clip).max()] * 2, rel=1e-4)
    assert "would have clipped" in report.notes[0]
    assert np.abs(soundfile.read(report.outputs[0])[0]).max() <= 1


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samples=st.integers(100, 20000),
    rate=st.sampled_from([6000, 8000, 11025, 16000, 44100, 48000]),
    channels=st.integers(1, 3),
    channel=st.sampled_from(["mix", "each", 1]),
)
def test_outputs_have_the_recordings_rate_and_length(model, wav, tmp_path, samples, rate, channels, channel):
    recording = wav(samples=noise(samples, channels), rate=rate)
    report = separate_file(model, recording, tmp_path, channel=channel, force=True)
    for path in report.outputs:
        written = soundfile.info(path)
        expected_channels = channels if channel == "each" else 1
        assert (written.frames, written.samplerate, written.channels) == (samples, rate, expected_channels)


def test_channels_of_a_source_stay_together(contract, sign_split):
    class SwapsTheQuiet(sign_split):
        def run(self, frames):
            separated = super().run(frames)
            return separated[::-1] if frames.std() < 0.075 else separated

    recording = np.stack([noise(2000)[:, 0], 0.5 * noise(2000)[:, 0]])
    separated = separate_array(SwapsTheQuiet(contract()), recording, 8000, overlap=0.25)
    assert separated.windows == 6
    np.testing.assert_allclose(separated.sources[0], np.maximum(recording, 0), rtol=0, atol=1e-6)
    np.testing.assert_allclose(separated.sources[1], np.minimum(recording, 0), rtol=0, atol=1e-6)


def test_rates_are_noted(model, wav, tmp_path):
    high = separate_file(model, wav("high.wav", rate=44100), tmp_path)
    low = separate_file(model, wav("low.wav", rate=6000), tmp_path)
    assert high.notes == ("the model's audio ends at 4000 Hz: the outputs contain nothing above it",)
    assert low.notes == ("the recording ends at 3000 Hz, the model was trained up to 4000 Hz",)


@pytest.mark.parametrize(("channel", "tracks"), [("mix", 1), ("each", 2)])
@pytest.mark.parametrize("loudness", [1, 20], ids=["plain", "written again"])
def test_progress_rises_to_the_end(model, wav, tmp_path, channel, tracks, loudness):
    calls: list[tuple[float, float]] = []
    path = wav(samples=loudness * noise(4000, 2), subtype="FLOAT")
    separate_file(model, path, tmp_path, channel=channel, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls)
    assert len({done for done, _ in calls if 0 < done < 0.5 * tracks}) > 3
    assert calls[-1] == (0.5 * tracks, 0.5 * tracks)


def test_report_is_json(model, wav, tmp_path):
    report = separate_file(model, wav(), tmp_path)
    fields = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert fields["outputs"] == [str(path) for path in report.outputs]
    assert fields["si_sdr_db"] is None
    assert fields["audio_seconds"] == 0.5


def references(wav, samples: int = 4000, rate: int = 8000, **options) -> list[Path]:
    clip = noise(samples)
    return [wav("b.wav", np.minimum(clip, 0), rate, **options), wav("a.wav", np.maximum(clip, 0), rate, **options)]


def test_references_are_scored_in_their_own_order(model, wav, tmp_path):
    true = references(wav)
    report = separate_file(model, wav(samples=noise(4000)), tmp_path / "out", references=true)
    assert report.source_numbers == (2, 1)
    assert min(report.si_sdr_db) > 60
    assert min(report.si_sdr_improvement_db) > 50
    json.dumps(report.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (4000, 16000, "found a rate of 16000 Hz, expected the recording's 8000 Hz"),
        (3999, 8000, "found 3999 samples, expected the recording's 4000"),
    ],
)
def test_references_that_do_not_fit(model, wav, tmp_path, samples, rate, message):
    true = references(wav, samples, rate)
    with pytest.raises(AudioError, match=rf"b.wav: {message}"):
        separate_file(model, wav(samples=noise(4000)), tmp_path, references=true)


def test_references_of_another_number_or_with_each_channel(model, wav, tmp_path):
    with pytest.raises(OptionError, match="references: found 1, expected 2"):
        separate_file(model, wav(), tmp_path, references=[wav("a.wav")])
    with pytest.raises(OptionError, match="channel: found each together with references"):
        separate_file(model, wav(), tmp_path, references=references(wav), channel="each")


def test_silent_reference(model, wav, tmp_path):
    true = [wav("a.wav"), wav("b.wav", np.zeros(4000))]
    with pytest.raises(AudioError, match=r"b.wav: silent"):
        separate_file(model, wav(), tmp_path, references=true)


@pytest.mark.parametrize(("samples", "rate", "needed"), [(1, 8000, 16), (15, 8000, 16), (88, 44100, 89)])
def test_clip_below_one_frame(model, wav, tmp_path, samples, rate, needed):
    path = wav(samples=noise(samples), rate=rate)
    with pytest.raises(
        AudioError, match=rf"too short: found {samples} samples at {rate} Hz, expected at least {needed}"
    ):
        separate_file(model, path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_package_imports_no_torch_and_no_runtime_early():
    forbidden = {"torch", "onnxruntime", "soundfile", "soxr", "fast_bss_eval", "scipy", "onnx"}
    program = "import sys, tasnet2hef.runtime.separate; print(*sys.modules)"
    package = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(package)},
    )
    assert not forbidden & set(done.stdout.split())


@pytest.mark.skipif(not ASTERISK.is_dir(), reason="no recorded speech in /usr/share/asterisk/sounds")
def test_real_speech_adds_up(model, tmp_path):
    speech = max(ASTERISK.glob("*/*.wav"), key=lambda path: path.stat().st_size)
    report = separate_file(model, speech, tmp_path, sample_format="float32")
    recording, _ = soundfile.read(speech)
    total = sum(soundfile.read(path)[0] for path in report.outputs)
    assert decibels(recording, total - recording) > 100
