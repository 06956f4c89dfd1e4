from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio import output_files
from tasnet2hef.audio.files import read_clip
from tasnet2hef.audio.output_files import SampleFormat, Written, container_for, plan_outputs, write_sources
from tasnet2hef.base.errors import AudioError


def sources(peak: float) -> np.ndarray:
    wave = np.sin(np.arange(800) / 5).astype(np.float32)
    return np.stack([peak * wave / np.abs(wave).max(), 0.25 * wave])[:, None]


def write(paths: Sequence[Path], samples: np.ndarray, rate: int, sample_format: SampleFormat) -> Written:
    """Write in blocks of 300 samples."""

    def blocks():
        return (samples[:, :, start : start + 300] for start in range(0, samples.shape[2], 300))

    return write_sources(paths, blocks, samples.shape[1:], rate, sample_format)


@pytest.mark.parametrize(("peak", "factor"), [(0.5, 1), (1.0, 1), (4.0, 0.25)])
def test_16_bit_never_clips_and_keeps_the_balance(tmp_path, peak, factor):
    paths = plan_outputs(tmp_path / "new" / "folder", "clip", 2, [])
    assert write(paths, sources(peak), 8000, "int16").factor == pytest.approx(factor)
    for path, source in zip(paths, sources(peak), strict=True):
        read, rate = soundfile.read(path)
        np.testing.assert_allclose(read, factor * source[0], rtol=0, atol=2 / 32768)
        assert (rate, soundfile.info(path).subtype) == (8000, "PCM_16")


def test_float_keeps_any_value(tmp_path):
    paths = plan_outputs(tmp_path, "clip", 2, [])
    assert write(paths, sources(6000), 44100, "float32") == Written(1, "WAV")
    read, _ = soundfile.read(paths[0], dtype="float32")
    np.testing.assert_array_equal(read, sources(6000)[0, 0])


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    paths = plan_outputs(tmp_path, "clip", 2, [])
    paths[0].write_bytes(b"from before")

    def fail_at_the_second(recording, samples):
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        calls.append(write_samples(recording, samples))

    calls, write_samples = [], soundfile.SoundFile.write
    monkeypatch.setattr(soundfile.SoundFile, "write", fail_at_the_second)
    with pytest.raises(AudioError, match="No space left on device"):
        write(paths, sources(0.5), 8000, "int16")
    assert calls
    assert [path.name for path in tmp_path.iterdir()] == [paths[0].name]
    assert paths[0].read_bytes() == b"from before"


def test_places_that_cannot_be_written(tmp_path, wav, monkeypatch):
    file = wav()
    with pytest.raises(AudioError, match=r"clip.wav: can't be made .*choose another output folder"):
        plan_outputs(file, "clip", 2, [])
    (tmp_path / "clip_source_2.wav").mkdir()
    with pytest.raises(AudioError, match=r"clip_source_2.wav: is a folder"):
        plan_outputs(tmp_path, "clip", 2, [])
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    assert output_files.os is os
    with pytest.raises(AudioError, match=r"without write permission"):
        plan_outputs(tmp_path, "clip", 1, [])


def test_an_input_is_not_overwritten(tmp_path, wav):
    reference = wav("clip_source_1.wav")
    with pytest.raises(AudioError, match=r"clip_source_1.wav: an input would be overwritten"):
        plan_outputs(tmp_path, "clip", 2, [reference])


@pytest.mark.parametrize(("sample_bytes", "container"), [(0, "WAV"), (4_000_000_000, "WAV"), (1 << 32, "RF64")])
def test_what_wav_cannot_hold_is_rf64(sample_bytes, container):
    assert container_for(sample_bytes) == container


def test_rf64_is_read_like_wav(tmp_path, monkeypatch):
    monkeypatch.setattr(output_files, "container_for", lambda size: "RF64")
    paths = plan_outputs(tmp_path, "clip", 2, [])
    assert write(paths, sources(0.5), 8000, "int16").container == "RF64"
    assert soundfile.info(paths[0]).format == "RF64"
    np.testing.assert_allclose(read_clip(paths[0]).samples[0], sources(0.5)[0, 0], rtol=0, atol=2 / 32768)
