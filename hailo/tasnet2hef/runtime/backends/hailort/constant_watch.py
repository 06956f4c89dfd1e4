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
    """Counts the loud input behind which every source, or other ``output``, was constant.

    ``InferVStreams`` of HailoRT 4.23.0 returned a constant and no error for jobs that failed (tried with failing
    transfers), as a program does that was never activated (recorded, verdict imu-activate).
    """

    def __init__(self, where: str, sample_rate_hz: int, output: str = "source") -> None:
        self._where, self._rate_hz, self._output = where, sample_rate_hz, output
        self._samples = 0

    def see(self, frames: Samples, outputs: Sequence[Samples]) -> None:
        """Take note of one run: frames ``[row, column]``, and each output of any shape.

        Raises:
            DeviceRunError: all of them were constant for a second of sound.
        """
        flat = [output.reshape(-1) for output in outputs]  # reducing two axes needs a buffer with NumPy 1
        if any(output.min() < output.max() for output in flat):
            self._samples = 0
            return
        if float(frames.max() - frames.min()) < LOUD:
            return
        self._samples += frames.size
        seconds = self._samples / self._rate_hz
        if seconds >= LONGEST_SECONDS:
            values = ", ".join(f"{output.min():.3g}" for output in flat)
            raise DeviceRunError(
                f"{self._where}: found every {self._output} constant ({values}) for {seconds:.1f} s of sound, "
                "expected speech: the device computes nothing; see `dmesg | grep -i hailo`, reboot it, and "
                "check with `tasnet2hef selftest`",
                "constant-output",
            )
