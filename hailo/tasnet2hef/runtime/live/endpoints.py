"""The interfaces of a microphone and a loudspeaker, which may be files."""

from __future__ import annotations

from typing import Final, Protocol

from tasnet2hef.runtime.live.capture_queue import CaptureQueue
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue

BLOCK_SECONDS: Final = 0.02
"""Length of the blocks in which files are read and written, and which devices are set to."""


class Microphone(Protocol):
    """Puts blocks ``[channel, sample]`` into a queue, and closes it at the end."""

    sample_rate_hz: int
    channels: int

    @property
    def speed(self) -> float:
        """As a multiple of real time; 0 where it has no clock and delivers blocks as fast as they are taken."""

    @property
    def overflows(self) -> int:
        """Number of times that the system lost input before it was captured."""

    def start(self, queue: CaptureQueue) -> None:
        """Begin to capture."""

    def stop(self) -> None:
        """Stop capturing, and raise an error that has occurred."""


class Loudspeaker(Protocol):
    """Takes samples out of a queue until it is finished."""

    @property
    def is_playing(self) -> bool:
        """Whether samples are still to be played."""

    def start(self, queue: PlaybackQueue) -> None:
        """Begin to play."""

    def stop(self) -> None:
        """Stop playing, and raise an error that has occurred; the queue is left as it is."""
