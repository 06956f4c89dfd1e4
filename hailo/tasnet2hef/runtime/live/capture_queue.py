"""Bounded queue of captured blocks; overflow becomes one counted gap."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from tasnet2hef.audio.samples import Samples


@dataclass(frozen=True)
class Gap:
    """Samples that were dropped and are replaced by silence."""

    samples: int


class CaptureQueue:
    """Blocks ``[channel, sample]`` between a callback, which must not wait, and a worker, which may.

    Once full, it drops every block until the worker has emptied it: the gap is then long enough to catch up,
    however slow the net is. With ``waits``, ``put`` waits for room instead (a file read at full speed).
    """

    def __init__(self, capacity_samples: int, *, waits: bool = False) -> None:
        self._capacity = capacity_samples
        self._waits = waits
        self._blocks: deque[Samples] = deque()
        self._queued = 0
        self._gap = 0
        self._closed = False
        self._changed = threading.Condition()
        self.overruns = 0
        """Number of blocks dropped."""
        self.dropped_samples = 0
        self.taken_samples = 0
        """Number of samples that the worker has taken, gaps included."""

    def put(self, block: Samples) -> None:
        """Add a block, which must not change later; after the end it is ignored."""
        count = block.shape[1]
        with self._changed:
            while self._waits and self._queued and self._queued + count > self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return
            if self._gap or (self._queued and self._queued + count > self._capacity):
                self._gap += count
                self.overruns += 1
                self.dropped_samples += count
            else:
                self._blocks.append(block)
                self._queued += count
            self._changed.notify_all()

    def take(self) -> Samples | Gap | None:
        """Wait for the next block or gap; None after the last one."""
        with self._changed:
            while not (self._blocks or self._gap or self._closed):
                self._changed.wait()
            taken = self._next()
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """End the stream; blocks in the queue can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def empty(self) -> None:
        """Close and drop the blocks in the queue."""
        with self._changed:
            self._blocks.clear()
            self._queued = self._gap = 0
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> Samples | Gap | None:
        if self._blocks:
            block = self._blocks.popleft()
            self._queued -= block.shape[1]
            self.taken_samples += block.shape[1]
            return block
        gap, self._gap = self._gap, 0
        self.taken_samples += gap
        return Gap(gap) if gap else None
