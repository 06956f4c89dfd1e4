from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.runtime.stream.halo import HaloStream
from tasnet2hef.runtime.stream.voice_tracks import VoiceTracks
from tasnet2hef.runtime.stream.windows import WindowStream

RATE, WINDOW = 8000, 16000
POLES = ((0.9, 0.2), (-0.8, 0.3), (0.1, -0.85))


def voice(number: int, samples: int, seed: int = 0) -> np.ndarray:
    """Make noise with a colour of its own, as loud as the others."""
    voice = np.random.default_rng((seed, number)).standard_normal(samples)
    first, second = POLES[number]
    for at in range(2, samples):
        voice[at] += first * voice[at - 1] - second * voice[at - 2]
    return (0.1 * voice / voice.std()).astype(np.float32)


def turns(count: int, windows: int) -> np.ndarray:
    """Let each voice speak alone in turn, a window of silence between, after all spoke one after the other."""
    sources = np.zeros((count, (2 * windows + 2) * WINDOW), np.float32)
    voices = [voice(number, WINDOW) for number in range(count)]
    for number in range(count):
        part = slice(number * WINDOW // count, (number + 1) * WINDOW // count)
        sources[number, part] = voices[number][part]
    for turn in range(windows):
        start = (2 * turn + 2) * WINDOW
        sources[turn % count, start : start + WINDOW] = voices[turn % count]
    return sources


class Oracle:
    """A net that knows the sources and returns them in an order of its own, every window anew."""

    def __init__(self, contract, sources: np.ndarray, hop: int, orders) -> None:
        self.contract, self.sources, self.hop, self.orders, self.runs = contract, sources, hop, orders, 0

    def run(self, frames: np.ndarray) -> np.ndarray:
        start = self.runs * self.hop
        order = self.orders[self.runs % len(self.orders)]
        self.runs += 1
        window = self.sources[:, start : start + frames.size]
        window = np.pad(window, ((0, 0), (0, frames.size - window.shape[1])))
        return window[list(order)].reshape(len(window), *frames.shape)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), count=st.sampled_from([2, 3]))
def test_voices_keep_their_output_across_silence_however_the_net_swaps(contract, seed, count):
    sources = turns(count, 8)
    random = np.random.default_rng(seed)
    description = contract(n_src=count, window_frames=1999)
    assert description.window_samples == WINDOW
    orders = [tuple(range(count)), *(tuple(random.permutation(count)) for _ in range(40))]
    stream = WindowStream(Oracle(description, sources, WINDOW, orders), 0.0)
    tracks = np.concatenate([stream.feed(sources.sum(axis=0)), stream.flush()], axis=1)
    np.testing.assert_array_equal(tracks, sources)


def test_one_wrong_window_does_not_swap_all_that_follows(contract):
    sources = turns(2, 8)
    hop = WINDOW // 2
    orders = [(0, 1)] * 8 + [(1, 0)] * 2 + [(0, 1)] * 100
    stream = WindowStream(Oracle(contract(window_frames=1999), sources, hop, orders), 0.5)
    tracks = np.concatenate([stream.feed(sources.sum(axis=0)), stream.flush()], axis=1)
    np.testing.assert_allclose(tracks, sources, atol=1e-6)


def test_voices_that_sound_alike_are_left_to_the_overlap():
    tracks = VoiceTracks(2, RATE)
    same = voice(0, 40 * WINDOW)
    last = None
    for number in range(40):
        window = np.zeros((2, WINDOW), np.float32)
        window[:, : WINDOW // 2] = same[number * WINDOW : number * WINDOW + WINDOW // 2] * [[1], [0]]
        window[:, WINDOW // 2 :] = same[number * WINDOW + WINDOW // 2 : (number + 1) * WINDOW] * [[0], [1]]
        swapped = number % 3 == 1
        if last is not None:
            window[:, : WINDOW // 4] = last  # what both windows heard
        out = tracks.put_in_order(window[::-1] if swapped else window, last)
        np.testing.assert_array_equal(out, window)
        last = out[:, -WINDOW // 4 :]


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_silence_and_windows_shorter_than_a_frame_change_nothing(rate_hz):
    tracks = VoiceTracks(2, rate_hz)
    for samples in (0, 10, 5000):
        silence = np.zeros((2, samples), np.float32)
        assert tracks.put_in_order(silence, silence[:, : samples // 2]) is silence
    assert tracks.order == (0, 1)


def test_a_partial_halo_keeps_voices_across_silence_too(contract):
    description = contract(window_frames=1999, norm="folded", encoder_padding=0)
    sources = turns(2, 6)
    probe = HaloStream(Oracle(description, sources, 1, [(0, 1)]), 20.0)
    assert not probe.is_exact
    random = np.random.default_rng(0)
    orders = [(0, 1), *(tuple(random.permutation(2)) for _ in range(60))]
    stream = HaloStream(Oracle(description, sources, probe.hop_samples, orders), 20.0)
    tracks = stream.feed(sources.sum(axis=0))
    agreement = tracks[:, WINDOW:] @ sources[:, WINDOW : tracks.shape[1]].T
    assert agreement[0, 0] > 50 * abs(agreement[0, 1])
    assert agreement[1, 1] > 50 * abs(agreement[1, 0])
