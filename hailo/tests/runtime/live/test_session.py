from __future__ import annotations

import threading

import numpy as np
import pytest

from tasnet2hef.base.errors import AudioError, OptionError, RefusedError
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.delayed_levels import DelayedLevels
from tasnet2hef.runtime.live.file_endpoints import FileLoudspeaker, FileMicrophone
from tasnet2hef.runtime.live.separator import LivePart
from tasnet2hef.runtime.live.session import LiveSession

RATE = 8000
SLOWEST = 1e-5


class Burst:
    """A microphone that gives all it has at once, as a machine that stood still for a while sees it."""

    speed = 1.0
    overflows = 0
    channels = 1
    sample_rate_hz = RATE

    def __init__(self, blocks: list[np.ndarray]) -> None:
        self.blocks = blocks
        self.nothing_stands_still = threading.Event()
        self.nothing_stands_still.set()

    def start(self, queue) -> None:
        self.nothing_stands_still.clear()
        for block in self.blocks:
            queue.put(block)
        queue.close()
        self.nothing_stands_still.set()

    def stop(self) -> None:
        pass


class Collector(FileLoudspeaker):
    """A loudspeaker that keeps what it plays."""

    def __init__(self, speed: float = 0.0) -> None:
        self.parts: list[np.ndarray] = []
        super().__init__(self.parts.append, RATE, speed)

    @property
    def played(self) -> np.ndarray:
        return np.concatenate(self.parts, axis=1)


def keep_running(_state) -> bool:
    return True


def noise(samples: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def session_of(backend, microphone, loudspeaker, controls=None, **options) -> LiveSession:
    return LiveSession(backend, microphone, loudspeaker, RATE, controls or Controls(), **options)


def test_what_is_played_is_the_chosen_source_after_the_latency(contract, sign_split, wav):
    clip = noise(20_000)
    path = wav("clip.wav", clip, subtype="FLOAT")
    loudspeaker = Collector()
    session = session_of(sign_split(contract()), FileMicrophone(path, speed=0), loudspeaker, Controls(source=2))
    summary = session.run(keep_running)
    delay = round(session.latency.total_ms * RATE / 1000)
    assert delay == 800 + 160
    assert loudspeaker.played.shape == (1, delay + 20_000)
    assert not loudspeaker.played[0, :delay].any()
    np.testing.assert_allclose(loudspeaker.played[0, delay:], np.minimum(clip, 0), atol=1e-3)
    assert (summary.seconds, summary.overruns, summary.underruns, summary.clipped_samples) == (2.5, 0, 0, 0)


def test_bypass_and_gain(contract, sign_split, wav):
    clip = noise(4000)
    path = wav("clip.wav", clip, subtype="FLOAT")
    loudspeaker = Collector()
    controls = Controls(gain_db=-20, bypass=True)
    session_of(sign_split(contract()), FileMicrophone(path, speed=0), loudspeaker, controls).run(keep_running)
    np.testing.assert_allclose(loudspeaker.played[0, -4000:], 0.1 * clip, rtol=1e-6)
    assert controls.press("2", 2)
    assert (controls.source, controls.bypass) == (2, False)
    assert controls.press("3", 2)
    assert controls.source == 2
    assert not controls.press("q", 2)


def test_channels_are_streams_of_their_own(contract, sign_split, wav):
    signal = np.stack([noise(4000), -0.5 * noise(4000)[::-1]], axis=1)
    path = wav("two.wav", signal, subtype="FLOAT")
    loudspeaker = Collector()
    backend = sign_split(contract(streams=2))
    session_of(backend, FileMicrophone(path, (2, 1), speed=0), loudspeaker).run(keep_running)
    expected = np.maximum(signal[:, ::-1].T, 0)
    np.testing.assert_allclose(loudspeaker.played[:, -4000:], expected, atol=2e-3)


def test_overruns_are_counted_and_leave_silence_in_place(contract, sign_split):
    blocks = [noise(400)[None] for _ in range(100)]
    recorded: list[LivePart] = []
    backend, microphone = sign_split(contract()), Burst(blocks)
    separate = backend.run
    backend.run = lambda frames: separate(frames) if microphone.nothing_stands_still.wait() else None
    summary = session_of(backend, microphone, Collector(), on_part=recorded.append).run(keep_running)
    mixture = np.concatenate([part.mixture for part in recorded], axis=1)[0]
    kept = 400 * (100 - summary.overruns)
    assert summary.overruns > 0
    assert summary.dropped_seconds == summary.overruns * 400 / RATE
    assert mixture.shape == (40_000,)
    np.testing.assert_array_equal(mixture[:kept], np.tile(noise(400), 100)[:kept])
    assert not mixture[kept:].any()
    assert not summary.is_exact


@pytest.mark.parametrize("waits", [True, False])
def test_an_error_of_the_model_ends_the_session(contract, sign_split, wav, waits):
    backend = sign_split(contract())
    good, runs = backend.run, []

    def run(frames):
        runs.append(None)
        return good(frames) if len(runs) < 4 else np.full((2, *frames.shape), np.nan, np.float32)

    backend.run = run
    microphone = FileMicrophone(wav("clip.wav", noise(40_000)), speed=0) if waits else Burst([noise(8000)[None]])
    with pytest.raises(RefusedError, match="NaN or infinite"):
        session_of(backend, microphone, Collector()).run(keep_running)


def test_errors_of_files_end_the_session(contract, sign_split, wav):
    broken = noise(8000)
    broken[5000] = np.nan
    microphone = FileMicrophone(wav("nan.wav", broken, subtype="FLOAT"), speed=0)
    with pytest.raises(AudioError, match=r"nan.wav: found NaN or infinite samples"):
        session_of(sign_split(contract()), microphone, Collector()).run(keep_running)

    def full_disk(_samples) -> None:
        raise AudioError("out.wav: can't be written (No space left on device)")

    microphone = FileMicrophone(wav("long.wav", np.resize(noise(8000), 400_000)), speed=0)
    with pytest.raises(AudioError, match="No space left"):
        session_of(sign_split(contract()), microphone, FileLoudspeaker(full_disk, RATE, 0)).run(keep_running)


@pytest.mark.parametrize("stop", [lambda _state: False, KeyboardInterrupt])
def test_a_session_ends_when_asked_to(contract, sign_split, wav, stop):
    """At this speed the first block is due in half an hour: a session that waited for it would hang."""

    def tick(state) -> bool:
        if stop is KeyboardInterrupt:
            raise KeyboardInterrupt
        return stop(state)

    threads = threading.active_count()
    microphone = FileMicrophone(wav("long.wav", noise(8000)), speed=SLOWEST)
    summaries = []
    session = session_of(sign_split(contract()), microphone, Collector(SLOWEST))
    run = threading.Thread(target=lambda: summaries.append(session.run(tick)), daemon=True)
    run.start()
    run.join(timeout=60)
    assert not run.is_alive(), "the session waits for its recording or its loudspeaker"
    assert summaries[0].seconds == 0
    assert threading.active_count() == threads


def test_real_time_is_kept_without_overruns_or_underruns(contract, sign_split, wav):
    loudspeaker = Collector(speed=4.0)
    microphone = FileMicrophone(wav("clip.wav", noise(12_000)), speed=4.0)
    summary = session_of(sign_split(contract()), microphone, loudspeaker).run(keep_running)
    assert (summary.overruns, summary.seconds) == (0, 1.5)
    assert summary.rtf_p50 is not None
    assert 0 < summary.rtf_p50 <= summary.rtf_p95


def test_channels_that_are_not_there(wav):
    with pytest.raises(OptionError, match="--channels: found 2, expected numbers from 1 to 1"):
        FileMicrophone(wav("mono.wav"), (2,))
    with pytest.raises(AudioError, match=r"empty.wav: empty: found 0 samples"):
        FileMicrophone(wav("empty.wav", np.zeros(0)))


def test_levels_are_those_of_the_sound_that_is_played():
    levels = DelayedLevels(1, 1000, 100)
    sources = np.concatenate([np.full(100, 0.1), np.full(100, 1.0)]).astype(np.float32)[None, None]
    levels.add(LivePart(sources[:, 0], sources), begin_seconds=2.0)
    assert [round(levels.at(t)[0]) for t in (1.9, 2.05, 2.15, 9.0)] == [-99, -20, 0, 0]
