"""Block by block equals the whole file at once, and takes the same memory for any length."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from tasnet2hef.audio import files, spool
from tasnet2hef.audio.gain import solve_gain
from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.base.errors import AudioError
from tasnet2hef.runtime.separate import separate_file
from tasnet2hef.runtime.stream.source_order import align_order
from tasnet2hef.runtime.stream.streamer import make_streamer
from tests.sign_split import SignSplit, make_contract, save_graph

LEVEL_DBFS = -25.0
TRUE_GAINS = np.array([[0.8], [1.25]], np.float32)


def speech(channels: int, samples: int) -> np.ndarray:
    """Return ``[channel, sample]``: bursts of noise of several levels, pauses, and an offset in channel 2."""
    random = np.random.default_rng(3)
    envelope = np.repeat([0.1, 0.1, 0.02, 1e-5, 1e-5, 1e-5, 0.3, 0.0, 0.05, 0.1], -(-samples // 10))[:samples]
    offset = 0.05 * np.arange(channels)[:, None]
    return (random.standard_normal((channels, samples)) * envelope + offset).astype(np.float32)


class Swapping(SignSplit):
    """A sign-splitting net with a level of its own, which swaps the sources of a channel with an offset."""

    def run(self, frames: np.ndarray) -> np.ndarray:
        separated = super().run(frames) * TRUE_GAINS[..., None]
        return separated[::-1] if frames.mean() > 0.1 * frames.std() else separated


@dataclass
class Whole:
    """Sources ``[source, channel, sample]``, and the factors by which they were scaled."""

    sources: np.ndarray
    factors: tuple[float, ...]


def gains_at_once(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the gains of all of ``[channel, sample]``; every sum and maximum is over whole arrays."""
    length, size = samples.shape[1], round(0.02 * rate)
    count = -(-length // size)
    padded = np.pad(samples, ((0, 0), (0, count * size - length)))
    power = np.square(padded.reshape(len(samples), count, size), dtype=np.float64).mean(axis=(0, 2))
    around = [power[max(0, at - 150) : at + 151].max() for at in range(count)]
    is_speech = (power > 0) & (power >= np.array(around) * 10**-3.5)
    window = np.hanning(51)
    smoothed = [np.convolve(each, window)[25 : 25 + count] for each in (np.where(is_speech, power, 0), is_speech)]
    known = np.flatnonzero(smoothed[1] >= 0.5)
    level = np.interp(np.arange(count), known, smoothed[0][known] / smoothed[1][known])
    gains_db = np.clip(LEVEL_DBFS - 10 * np.log10(np.maximum(level, 1e-20)), -50, 50)
    centres = (np.arange(count) + 0.5) * size
    return np.interp(np.arange(length), centres, 10 ** (gains_db / 20)).astype(np.float32)


def at_once(backend: Any, mixture: np.ndarray, rate: int, **joining: Any) -> Whole:
    """Separate ``[channel, sample]`` with every array in memory at once."""
    model_rate, length = backend.contract.spec.sample_rate, mixture.shape[1]

    def change(samples: np.ndarray, from_hz: int, to_hz: int, count: int) -> np.ndarray:
        changed = samples if from_hz == to_hz else soxr.resample(samples.T.copy(), from_hz, to_hz).T
        return np.pad(changed, ((0, 0), (0, max(0, count - changed.shape[1]))))[:, :count]

    resampled = change(mixture, rate, model_rate, round(length * model_rate / rate))
    level = np.ones(resampled.shape[1], np.float32)
    if backend.contract.input_level_dbfs is not None:
        level = gains_at_once(resampled, model_rate)
    channels = []
    for samples in resampled * level:
        streamer = make_streamer(backend, **joining)
        channels.append(np.concatenate([streamer.feed(samples), streamer.flush()], axis=1))
    ordered = [channel[list(align_order(channels[0], channel, (0, 1)))] for channel in channels]
    sources = np.stack(ordered, axis=1) / level
    flat = sources.reshape(2, -1).astype(np.float64)
    total = resampled.reshape(-1).astype(np.float64)
    factors = solve_gain(flat @ flat.T, flat @ total, float(total @ total)).factors
    scaled = sources * np.array(factors, np.float32)[:, None, None]
    return Whole(np.stack([change(source, model_rate, rate, length) for source in scaled]), factors)


@pytest.fixture(params=[1777, 1 << 18])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set the values that are read at once."""
    monkeypatch.setattr(files, "_BLOCK_VALUES", request.param)
    monkeypatch.setattr(spool, "_BLOCK_VALUES", request.param // 3)
    return request.param


@pytest.mark.parametrize("level_dbfs", [None, LEVEL_DBFS])
@pytest.mark.parametrize(
    ("rate", "channel", "joining"),
    [
        (8000, "mix", {}),
        (8000, "each", {"overlap": 0.25}),
        (48000, "each", {}),
        (44100, 2, {}),
        (6000, "mix", {"overlap": 0.0}),
    ],
)
def test_it_equals_the_whole_file_at_once(tmp_path, wav, blocks, level_dbfs, rate, channel, joining):
    contract = replace(make_contract(), input_level_dbfs=level_dbfs)
    recording = wav(samples=speech(2, 11 * rate + 123).T, rate=rate, subtype="FLOAT")
    samples = soundfile.read(recording, dtype="float32")[0].T
    chosen = {"mix": samples.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32), 2: samples[1:]}
    expected = at_once(Swapping(contract), chosen.get(channel, samples), rate, **joining)
    report = separate_file(
        Swapping(contract), recording, tmp_path / "out", channel=channel, sample_format="float32", **joining
    )
    assert report.gain == pytest.approx(expected.factors, rel=1e-9)
    for path, source in zip(report.outputs, expected.sources, strict=True):
        written = soundfile.read(path, dtype="float32", always_2d=True)[0].T
        assert written.shape == source.shape
        np.testing.assert_allclose(written, source, rtol=0, atol=2e-7 * np.abs(source).max())


def test_references_are_scored_as_the_whole_file_at_once(tmp_path, wav, blocks):
    clip = speech(1, 88_123)[0]
    true = [np.minimum(clip, 0), np.maximum(clip, 0) + 0.01 * np.roll(clip, 5)]
    paths = [wav(f"{number}.wav", each, subtype="FLOAT") for number, each in enumerate(true)]
    recording = wav(samples=clip, subtype="FLOAT")
    report = separate_file(
        Swapping(make_contract()), recording, tmp_path / "out", references=paths, sample_format="float32"
    )
    sources = np.stack([soundfile.read(path, dtype="float32")[0] for path in report.outputs])
    expected = score_sources(np.stack(true).astype(np.float32), sources, clip)
    assert report.si_sdr_db == pytest.approx(expected.si_sdr_db, abs=1e-9)
    assert report.si_sdr_improvement_db == pytest.approx(expected.si_sdr_improvement_db, abs=1e-9)
    assert report.source_numbers == expected.source_numbers == (2, 1)


def test_loud_sources_are_written_again_at_one_scale(tmp_path, wav, blocks):
    recording = wav(samples=8 * speech(1, 50_000)[0], subtype="FLOAT")
    exact = separate_file(Swapping(make_contract()), recording, tmp_path / "float", sample_format="float32")
    report = separate_file(Swapping(make_contract()), recording, tmp_path / "int")
    sources = np.stack([soundfile.read(path)[0] for path in exact.outputs])
    for path, source in zip(report.outputs, sources / np.abs(sources).max(), strict=True):
        np.testing.assert_allclose(soundfile.read(path)[0], source, rtol=0, atol=1 / 32767)


def test_flaws_far_into_a_recording_are_found_before_the_net_runs(tmp_path, wav, blocks):
    samples = speech(1, 40_000)[0]
    samples[[39_000, 39_007]] = np.nan
    net = Swapping(make_contract())
    with pytest.raises(AudioError, match=r"found 2 NaN or infinite samples, the first at 4\.875 s"):
        separate_file(net, wav(samples=samples, subtype="FLOAT"), tmp_path / "out")
    assert net.runs == 0
    assert not (tmp_path / "out").exists()


class Interrupted(SignSplit):
    """Ctrl-C while the net runs."""

    def run(self, frames: np.ndarray) -> np.ndarray:
        if self.runs == 20:
            raise KeyboardInterrupt
        return super().run(frames)


def test_ctrl_c_leaves_nothing_behind(tmp_path, wav):
    recording = wav(samples=speech(1, 40_000)[0])
    with pytest.raises(KeyboardInterrupt):
        separate_file(Interrupted(make_contract()), recording, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_full_disk_is_one_line(tmp_path, wav, monkeypatch):
    monkeypatch.setattr(spool, "TemporaryFile", lambda **options: FileIO("/dev/full", "wb"))
    with pytest.raises(AudioError, match=r"No space left on device.*make room or choose another output folder"):
        separate_file(SignSplit(make_contract()), wav(), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_pipe_is_refused_although_nobody_writes_to_it(tmp_path, model):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="found a pipe, expected a file"):
        separate_file(model, tmp_path / "pipe.wav", tmp_path / "out")


MEASURED = """
import sys
from pathlib import Path
from tasnet2hef.runtime.separate import separate_file
separate_file(sys.argv[1], sys.argv[2], sys.argv[3], threads=1, channel="each")
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""
MOST_RISE_MB = 12
"""With the whole file in memory, the longer one took 467 MB more."""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak memory from")
def test_memory_does_not_depend_on_the_length(tmp_path):
    """The peak is that of the child's own program: ``ru_maxrss`` of a child includes what its parent held."""
    contract = replace(make_contract(window_frames=3999), input_level_dbfs=LEVEL_DBFS)
    graph, peaks_mb = save_graph(tmp_path / "net.onnx", contract), []
    minute = np.resize(speech(2, 80_000), (2, 480_000)).T
    for minutes in (3, 12):
        path = tmp_path / f"{minutes}.wav"
        with soundfile.SoundFile(path, "w", 8000, 2, "PCM_16") as recording:
            for _ in range(minutes):
                recording.write(minute)
        command = [sys.executable, "-c", MEASURED, str(graph), str(path), str(tmp_path / f"out_{minutes}")]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        peaks_mb.append(int(done.stdout) / 1024)
    assert peaks_mb[1] - peaks_mb[0] < MOST_RISE_MB, peaks_mb
