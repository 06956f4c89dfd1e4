"""Where live sound comes from and goes to: what a microphone and a loudspeaker do, real or from a file."""

from __future__ import annotations

from typing import Final, Protocol

from tasnet2hef.runtime.live.capture_queue import CaptureQueue
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue

BLOCK_SECONDS: Final = 0.02
"""Length of the blocks that files give and take, and that devices are asked for."""


class Microphone(Protocol):
    """Puts blocks ``[channel, sample]`` into a queue, and closes it at its end."""

    sample_rate_hz: int
    channels: int

    @property
    def speed(self) -> float:
        """Times real time; 0 where it has no clock of its own and gives as fast as its blocks are taken."""

    @property
    def overflows(self) -> int:
        """Times that the system itself lost sound before it came here."""

    def start(self, queue: CaptureQueue) -> None:
        """Begin to listen."""

    def stop(self) -> None:
        """Stop listening; raises what went wrong."""


class Loudspeaker(Protocol):
    """Takes samples out of a queue until that is finished."""

    @property
    def is_playing(self) -> bool:
        """Whether anything is still to be played."""

    def start(self, queue: PlaybackQueue) -> None:
        """Begin to play."""

    def stop(self) -> None:
        """Stop playing; raises what went wrong. What is in the queue stays there."""
