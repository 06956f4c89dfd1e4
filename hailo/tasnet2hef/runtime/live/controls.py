"""Settings that a listener can change during a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasnet2hef.audio.samples import Samples
    from tasnet2hef.runtime.live.separator import LivePart


LARGEST_GAIN_DB: Final = 120.0


@dataclass
class Controls:
    """One thread writes, the worker reads; each field is set atomically, so no lock is needed."""

    source: int = 1
    """The source that is played, from 1."""
    gain_db: float = 0.0
    bypass: bool = False
    """Play the microphone itself, at the same lag, so that switching does not jump in time."""

    def press(self, key: str, n_src: int) -> bool:
        """Apply a key: a number chooses a source, ``b`` toggles the bypass; return False for ``q``, the end.

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
        """Return the signal of a part to play, ``[channel, sample]``."""
        chosen = part.mixture if self.bypass else part.sources[:, self.source - 1]
        return chosen * chosen.dtype.type(10 ** (self.gain_db / 20))
