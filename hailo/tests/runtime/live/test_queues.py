from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.runtime.live.capture_queue import CaptureQueue, Gap
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue


def block(samples: int, value: float = 1.0) -> np.ndarray:
    return np.full((1, samples), value, np.float32)


@given(steps=st.lists(st.one_of(st.integers(1, 60), st.none()), max_size=60), capacity=st.integers(1, 100))
def test_what_was_given_is_taken_or_a_gap_of_its_length(steps, capacity):
    queue = CaptureQueue(capacity)
    given_samples, taken, dropped, waiting = 0, [], 0, 0
    for size in steps:
        if size is not None:
            queue.put(np.arange(given_samples, given_samples + size, dtype=np.float32)[None])
            given_samples, waiting = given_samples + size, waiting + size
        elif waiting:
            taken.append(queue.take())
            waiting -= taken[-1].samples if isinstance(taken[-1], Gap) else taken[-1].shape[1]
    queue.close()
    while (last := queue.take()) is not None:
        taken.append(last)
    at = 0
    for each in taken:
        if isinstance(each, Gap):
            dropped, at = dropped + each.samples, at + each.samples
        else:
            np.testing.assert_array_equal(each[0], np.arange(at, at + each.shape[1]))
            at += each.shape[1]
    assert at == given_samples == queue.taken_samples
    assert dropped == queue.dropped_samples


def test_a_full_queue_drops_until_it_was_emptied():
    queue = CaptureQueue(100)
    for _ in range(5):
        queue.put(block(40))
    assert queue.take().shape == queue.take().shape == (1, 40)
    assert queue.take() == Gap(120)
    assert (queue.overruns, queue.dropped_samples) == (3, 120)
    queue.put(block(7))
    assert queue.take().shape == (1, 7)


def test_a_queue_that_waits_drops_nothing():
    queue = CaptureQueue(10, waits=True)
    giver = threading.Thread(target=lambda: [queue.put(block(8)) for _ in range(50)] and queue.close())
    giver.start()
    taken = 0
    while (each := queue.take()) is not None:
        taken += each.shape[1]
    giver.join()
    assert (taken, queue.overruns) == (400, 0)


def test_an_emptied_queue_takes_nothing_more():
    queue = CaptureQueue(10)
    queue.put(block(5))
    queue.empty()
    queue.put(block(5))
    assert queue.take() is None


def test_an_underrun_plays_silence_and_a_gap_makes_up_for_it():
    queue = PlaybackQueue(1, 1000)
    queue.put(block(10))
    np.testing.assert_array_equal(queue.take(15), np.r_[np.ones(10), np.zeros(5)][None])
    queue.put(block(20, 2.0))  # real sound is played later, not left out
    queue.put(block(8, 0.0), is_gap=True)  # silence was played already
    assert queue.held_samples == 23
    np.testing.assert_array_equal(queue.take(20), block(20, 2.0))
    assert (queue.underruns, queue.played_samples) == (1, 35)
    queue.close()
    assert queue.take(10).shape == (1, 10)
    assert queue.underruns == 1
    assert queue.is_finished


def test_beyond_its_capacity_the_oldest_are_left_out():
    queue = PlaybackQueue(1, 30)
    for value in range(5):
        queue.put(block(10, value))
    assert (queue.held_samples, queue.dropped_samples) == (30, 20)
    np.testing.assert_array_equal(queue.take(10), block(10, 2))


@given(sizes=st.lists(st.integers(1, 50), max_size=30), taken=st.integers(1, 40))
def test_what_is_put_is_played_in_order(sizes, taken):
    queue = PlaybackQueue(2, 10**6)
    total = sum(sizes)
    signal = np.stack([np.arange(total), -np.arange(total)]).astype(np.float32)
    at = 0
    for size in sizes:
        queue.put(signal[:, at : at + size])
        at += size
    queue.close()
    parts = [np.zeros((2, 0))]
    while not queue.is_finished:
        parts.append(queue.wait_and_take(taken))
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), signal)
