from __future__ import annotations

import os
import re

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasnet2hef.audio.files import choose_channels, read_clip, resample, resampled_blocks
from tasnet2hef.base.errors import AudioError, OptionError

SUBTYPE_STEPS = {
    "PCM_U8": 2**-7,
    "PCM_16": 2**-15,
    "PCM_24": 2**-23,
    "PCM_32": 2**-23,
    "FLOAT": 2**-24,
    "ULAW": 0.02,
}


def tone(seconds: float = 0.5, rate: int = 8000, hz: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(("subtype", "step"), SUBTYPE_STEPS.items())
def test_sample_formats(wav, subtype, step):
    clip = read_clip(wav("clip.wav", tone(), subtype=subtype))
    assert np.abs(clip.samples[0] - tone()).max() <= step
    assert (clip.sample_rate_hz, clip.length, clip.seconds) == (8000, 4000, 0.5)


@pytest.mark.parametrize("extension", ["wav", "flac", "aiff", "ogg"])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_containers_channels_and_rates(wav, extension, channels, rate):
    clip = read_clip(wav(f"clip.{extension}", np.tile(tone(rate=rate)[:, None], channels), rate))
    assert clip.samples.shape == (channels, rate // 2)
    assert clip.samples.dtype == np.float32
    assert clip.sample_rate_hz == rate


def test_a_name_that_is_not_utf_8(tmp_path):
    place = tmp_path / os.fsdecode(b"m\xe9lange.wav")
    with place.open("wb") as file:
        soundfile.write(file, tone(), 8000, format="WAV")
    assert read_clip(place).length == 4000


def refusal(path) -> str:
    with pytest.raises(AudioError) as refused:
        read_clip(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_missing_folder_zero_bytes_and_no_samples(tmp_path, wav):
    assert "no such file" in refusal(tmp_path / "none.wav")
    assert "found a folder" in refusal(tmp_path)
    (tmp_path / "zero.wav").touch()
    assert "found 0 bytes" in refusal(tmp_path / "zero.wav")
    assert "empty: found 0 samples at 8000 Hz" in refusal(wav(samples=np.zeros(0)))


@pytest.mark.parametrize("name", ["text.wav", "text.txt", "text.flac", "text.raw", "text"])
def test_text_is_no_audio(tmp_path, name):
    (tmp_path / name).write_text("this is no audio, it is a sentence about audio\n" * 4)
    assert "found 188 bytes that can't be read as audio" in refusal(tmp_path / name)


@pytest.mark.parametrize("extension", ["wav", "aiff", "au", "w64", "flac"])
@pytest.mark.parametrize("share", [0.003, 0.5, 0.99])
def test_cut_files(tmp_path, wav, extension, share):
    whole = wav(f"whole.{extension}")
    content = whole.read_bytes()
    cut = tmp_path / f"cut.{extension}"
    cut.write_bytes(content[: int(share * len(content))])
    assert re.search(r"cut short: found \d+ bytes, expected \d+|can't be read as audio", refusal(cut))


def test_header_of_a_pipe_promises_nothing(wav):
    path = wav(samples=tone())
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert read_clip(path).length == 4000


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_say_when(wav, bad):
    samples = np.stack([tone(), tone()], axis=1)
    samples[2000:2003, 1] = bad
    message = refusal(wav(samples=samples, subtype="FLOAT"))
    assert "found 3 NaN or infinite samples, the first at 0.250 s (sample 2000)" in message


def test_channels(wav):
    left, right = tone(), tone(hz=1000)
    clip = read_clip(wav(samples=np.stack([left, right], axis=1), subtype="FLOAT"))
    np.testing.assert_allclose(choose_channels(clip, "mix")[0], (left + right) / 2, rtol=0, atol=1e-7)
    np.testing.assert_allclose(choose_channels(clip, 2)[0], right, rtol=0, atol=1e-7)
    assert choose_channels(clip, "each") is clip.samples


@pytest.mark.parametrize("channel", [0, 3, -1, True, "left"])
def test_channel_that_is_not_there(wav, channel):
    clip = read_clip(wav(samples=np.stack([tone(), tone()], axis=1)))
    with pytest.raises(OptionError, match=r"channel: found .*, expected mix, each or 1 to 2 for "):
        choose_channels(clip, channel)


def test_silence_is_refused(wav):
    with pytest.raises(AudioError, match=r"silent, all 4000 samples are 0: nothing to separate"):
        choose_channels(read_clip(wav(samples=np.zeros(4000))), "mix")
    clip = read_clip(wav(samples=np.stack([0 * tone(), tone()], axis=1)))
    with pytest.raises(AudioError, match=r"channel 1 is silent"):
        choose_channels(clip, 1)
    assert choose_channels(clip, "each").shape == (2, 4000)


def test_channels_that_cancel_in_the_mix_are_refused(wav):
    clip = read_clip(wav(samples=np.stack([tone(), -tone()], axis=1), subtype="FLOAT"))
    with pytest.raises(AudioError, match=r"channel mix is silent.*choose another"):
        choose_channels(clip, "mix")


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(2, 5000), rate=st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 96000]))
@example(samples=2, rate=11025)
def test_resampling_there_and_back_keeps_the_length(samples, rate):
    clip = np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32)
    there = resample(clip, rate, 8000)
    assert there.shape == (2, round(samples * 8000 / rate))
    assert resample(there, 8000, rate, samples).shape == clip.shape


@pytest.mark.parametrize("rate", [11025, 16000, 44100])
def test_resampling_moves_nothing(rate):
    clip = tone(1.0, rate)[None].astype(np.float32)
    again = resample(resample(clip, rate, 8000), 8000, rate, rate)
    middle = slice(rate // 4, 3 * rate // 4)
    assert np.abs(again - clip)[0, middle].max() < 1e-4


def test_corpus_is_what_it_says(wav):
    assert soundfile.info(wav(subtype="ULAW")).subtype == "ULAW"


def test_a_wav_file_that_its_header_cannot_count_is_refused(wav):
    path = wav()
    os.truncate(path, 5 << 30)  # sparse: it takes no room
    with pytest.raises(AudioError, match=r"WAV file of 5368709120 bytes, expected at most .* RF64 or W64"):
        read_clip(path)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 8000), (48000, 8000), (8000, 44100), (11025, 8000)])
@pytest.mark.parametrize("samples", [1, 17, 5000, 23_457])
@pytest.mark.parametrize("length", [None, 4000])
def test_rates_change_in_blocks_as_at_once(from_hz, to_hz, samples, length):
    clip = np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32)
    blocks = (clip[:, start : start + 1777] for start in range(0, samples, 1777))
    joined = np.concatenate(list(resampled_blocks(blocks, 2, from_hz, to_hz, length)), axis=1)
    np.testing.assert_array_equal(joined, resample(clip, from_hz, to_hz, length))
