"""Notices a device that gives the same value on and on: what a failed transfer leaves in its buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import DeviceRunError

LOUD: Final = 0.1
"""Span of an input of which no net makes a constant, in full scales: about ten steps of an 8-bit code."""
LONGEST_SECONDS: Final = 1.0


class ConstantWatch:
    """Counts the loud input behind which every source was constant.

    ``InferVStreams`` of HailoRT 4.23.0 returned a constant and no error for jobs that failed (tried with failing
    transfers), as a program does that was never activated (recorded, verdict imu-activate).
    """

    def __init__(self, where: str, sample_rate_hz: int) -> None:
        self._where, self._rate_hz = where, sample_rate_hz
        self._samples = 0

    def see(self, frames: Samples, sources: Sequence[Samples]) -> None:
        """Take note of one run: frames ``[row, column]``, and each source of any shape; or each mask.

        Raises:
            DeviceRunError: all of them were constant for a second of sound.
        """
        flat = [source.reshape(-1) for source in sources]  # reducing two axes needs a buffer with NumPy 1
        if any(source.min() < source.max() for source in flat):
            self._samples = 0
            return
        if float(frames.max() - frames.min()) < LOUD:
            return
        self._samples += frames.size
        seconds = self._samples / self._rate_hz
        if seconds >= LONGEST_SECONDS:
            values = ", ".join(f"{source.min():.3g}" for source in flat)
            raise DeviceRunError(
                f"{self._where}: found every source constant ({values}) for {seconds:.1f} s of sound, expected "
                "speech: the device computes nothing; see `dmesg | grep -i hailo`, reboot it, and "
                "check with `tasnet2hef selftest`",
                "constant-output",
            )
