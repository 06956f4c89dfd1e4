"""What a listener can change while sound goes on."""

from __future__ import annotations

from dataclasses import dataclass

from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.live.separator import LivePart


@dataclass
class Controls:
    """One thread writes, the worker reads; each field is set in one step, so there is nothing to lock."""

    source: int = 1
    """The source that is heard, from 1."""
    gain_db: float = 0.0
    bypass: bool = False
    """Hear the microphone itself, at the same lag, so that switching does not jump in time."""

    def press(self, key: str, n_src: int) -> bool:
        """Do what a key says: ``1`` and on choose a source, ``b`` bypasses; False for ``q``, the end.

        >>> controls = Controls()
        >>> controls.press("2", n_src=2), controls.source
        (True, 2)
        """
        if key == "b":
            self.bypass = not self.bypass
        if key.isdecimal() and 1 <= int(key) <= n_src:
            self.source, self.bypass = int(key), False
        return key != "q"

    def choose(self, part: LivePart) -> Samples:
        """Return what is to be heard of a part, ``[channel, sample]``."""
        chosen = part.heard if self.bypass else part.sources[:, self.source - 1]
        return chosen * chosen.dtype.type(10 ** (self.gain_db / 20))
