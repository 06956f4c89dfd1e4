"""Bounded queue of samples to play."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from tasnet2hef.audio.samples import Samples


class PlaybackQueue:
    """Samples ``[channel, sample]`` between the worker and a loudspeaker, which takes them in real time.

    Where samples are late, silence is played and counted (an underrun), and all later samples are delayed by as
    much: sound is interrupted once, not at every window. Silence that replaces dropped input is shortened to make
    up for the delay. Above ``capacity_samples`` the oldest samples are dropped (two devices whose clocks differ);
    with ``waits``, ``put`` waits for room instead.
    """

    def __init__(self, channels: int, capacity_samples: int, *, waits: bool = False) -> None:
        self.channels = channels
        self._capacity = capacity_samples
        self._waits = waits
        self._parts: deque[Samples] = deque()
        self._late = 0
        self._closed = False
        self._changed = threading.Condition()
        self.held_samples = 0
        self.underruns = 0
        """Number of times that silence was played because no samples were ready."""
        self.dropped_samples = 0
        """Samples dropped because the queue was full."""
        self.played_samples = 0

    def put(self, samples: Samples, *, is_gap: bool = False) -> None:
        """Add samples; a gap is shortened by the silence that underruns have played already."""
        with self._changed:
            if is_gap:
                made_up = min(self._late, samples.shape[1])
                self._late -= made_up
                samples = samples[:, made_up:]
            while self._waits and self.held_samples > self._capacity and not self._closed:
                self._changed.wait()
            if samples.shape[1] and not self._closed:
                self._parts.append(samples)
                self.held_samples += samples.shape[1]
            if not self._waits and self.held_samples > self._capacity:
                self.dropped_samples += self._cut(self.held_samples - self._capacity).shape[1]
            self._changed.notify_all()

    def take(self, count: int) -> Samples:
        """Return the next ``[channel, count]``, filled up with silence; never waits."""
        with self._changed:
            samples = self._cut(count)
            self.played_samples += count
            missing = count - samples.shape[1]
            if missing and not self._closed:
                self.underruns += 1
                self._late += missing
            self._changed.notify_all()
        return samples if not missing else np.pad(samples, ((0, 0), (0, missing)))

    def wait_and_take(self, count: int) -> Samples:
        """Wait for ``[channel, count]`` and return it; less at the end."""
        with self._changed:
            while self.held_samples < count and not self._closed:
                self._changed.wait()
            samples = self._cut(count)
            self.played_samples += samples.shape[1]
            self._changed.notify_all()
            return samples

    def close(self) -> None:
        """End the stream; samples in the queue can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_finished(self) -> bool:
        """Whether it is closed and empty."""
        return self._closed and not self.held_samples

    def _cut(self, count: int) -> Samples:
        """Take up to ``count`` samples off the front."""
        cut: list[Samples] = [np.zeros((self.channels, 0), np.float32)]
        while count and self._parts:
            part = self._parts.popleft()
            if part.shape[1] > count:
                self._parts.appendleft(part[:, count:])
                part = part[:, :count]
            cut.append(part)
            count -= part.shape[1]
            self.held_samples -= part.shape[1]
        return np.concatenate(cut, axis=1)
