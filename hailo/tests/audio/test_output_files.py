from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio import output_files
from tasnet2hef.audio.output_files import plan_outputs, write_sources
from tasnet2hef.base.errors import AudioError


def sources(peak: float) -> np.ndarray:
    wave = np.sin(np.arange(800) / 5).astype(np.float32)
    return np.stack([peak * wave / np.abs(wave).max(), 0.25 * wave])[:, None]


@pytest.mark.parametrize(("peak", "factor"), [(0.5, 1), (1.0, 1), (4.0, 0.25)])
def test_16_bit_never_clips_and_keeps_the_balance(tmp_path, peak, factor):
    paths = plan_outputs(tmp_path / "new" / "folder", "clip", 2, [])
    assert write_sources(paths, sources(peak), 8000, "int16") == pytest.approx(factor)
    for path, source in zip(paths, sources(peak), strict=True):
        read, rate = soundfile.read(path)
        np.testing.assert_allclose(read, factor * source[0], rtol=0, atol=2 / 32768)
        assert (rate, soundfile.info(path).subtype) == (8000, "PCM_16")


def test_float_keeps_any_value(tmp_path):
    paths = plan_outputs(tmp_path, "clip", 2, [])
    assert write_sources(paths, sources(6000), 44100, "float32") == 1
    read, _ = soundfile.read(paths[0], dtype="float32")
    np.testing.assert_array_equal(read, sources(6000)[0, 0])


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    paths = plan_outputs(tmp_path, "clip", 2, [])
    paths[0].write_bytes(b"from before")
    write, calls = soundfile.SoundFile.write, []

    def fail_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        write(*arguments)

    monkeypatch.setattr(soundfile.SoundFile, "write", fail_at_the_second)
    with pytest.raises(AudioError, match="No space left on device"):
        write_sources(paths, sources(0.5), 8000, "int16")
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
