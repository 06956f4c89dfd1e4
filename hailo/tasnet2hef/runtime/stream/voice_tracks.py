"""Keeps each voice on its output for as long as a stream goes on, through silence and turns.

The overlap of two windows tells which source goes on where, but says nothing across a silence, and a window in
which one person speaks alone may be wrong by itself: what follows it then stays swapped for good. So each output
also remembers how its voice sounds: the mean ``p_t`` of the log spectrum of the frames in which it is heard alone.
With ``m`` the mean over the outputs, source ``j`` of a window, of mean ``f_j``, is like output ``t`` by

    ``l_tj = <p_t - m, f_j - m> / <p_t - m, p_t - m>``, clipped to -1 to 1: near 1 for its own voice.

``v``, the running mean of ``(l - 1)^2`` of what was put on each output, says how well that tells the voices apart;
the likeness counts by ``1 / (1 + v^2)``, so voices that sound alike are left to the overlap.

Measured on ten minutes of turns, silences and both at once, windows in the wrong order (trained gLN net, a man and
one of three women, windows of 2 s, overlap 0.5; the thresholds were tried on six mixtures, six more were new):

========================================  ===========  ============
windows in the wrong order                six tried    six new
========================================  ===========  ============
the net itself                            0.6 to 1.4%  0.2 to 1.2%
put in order by the overlap alone         1 to 49%     12 to 48%
by overlap and voice                      1.6 to 3.0%  1.4 to 6.1%
the same, net swaps at random (4 draws)   up to 3.2%   up to 6.5%
========================================  ===========  ============
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.stream.source_order import Order, align_order

FRAME_SECONDS: Final = 0.032
EVERY: Final = 2
"""One frame of so many is looked at, for time; at most 16 of a window left 44 % of one mixture swapped."""
ALONE: Final = 2.0
"""A source is heard alone where it has this many times the power of the others together."""
AUDIBLE: Final = 1e-3
"""Of the window's loudest frame."""
FLOOR: Final = 1e-4
"""Added to each bin's share of the power before the logarithm."""
KNOWN_SECONDS: Final = 0.5
"""A voice is known, and a window says all it can, from so much on."""
LEAST_SECONDS: Final = 0.1
HALF_LIFE_SECONDS: Final = 64.0
UNKNOWN_SPREAD: Final = 2.0
SPREAD_STEP: Final = 0.02
TINY: Final = 1e-30

Values = NDArray[np.float64]


class VoiceTracks:
    """Chooses each window's order of sources and learns how the voice on each output sounds."""

    def __init__(self, n_src: int, sample_rate_hz: int) -> None:
        self.order: Order = tuple(range(n_src))
        """Order of the last window: ``order[output]`` is the source that was put there."""
        self._frame = 1 << round(np.log2(FRAME_SECONDS * sample_rate_hz))
        self._frame_seconds = EVERY * self._frame / sample_rate_hz
        self._taper = np.hanning(self._frame).astype(np.float32)
        self._voices = np.zeros((n_src, self._frame // 2 + 1))
        self._heard_seconds = np.zeros(n_src)
        self._spread, self._judged = UNKNOWN_SPREAD, 0.0

    def put_in_order(self, window: Samples, last: Samples | None, edge: int = 0) -> Samples:
        """Return a window's sources ``[source, sample]`` in the order of the outputs.

        ``last`` holds the outputs ``[source, sample]`` where they overlap the window, from sample ``edge`` on;
        None for the first window, which sets the order.
        """
        sounds, seconds = self._sounds(window)
        likeness = self._likeness(sounds) if (self._heard_seconds >= KNOWN_SECONDS).all() else None
        if last is not None:
            weighed = None if likeness is None else self._weighed(likeness, seconds)
            self.order = align_order(last, window[:, edge : edge + last.shape[1]], self.order, weighed)
        chosen = list(self.order)
        self._learn(
            sounds[chosen], seconds[chosen], None if likeness is None else likeness[range(len(chosen)), chosen]
        )
        return window if chosen == sorted(chosen) else window[chosen]

    def _sounds(self, window: Samples) -> tuple[Values, Values]:
        """Return each source's mean log spectrum ``[source, bin]`` where it is alone, and for how many seconds."""
        count = window.shape[1] // self._frame
        frames = window[:, : count * self._frame].reshape(len(window), count, self._frame)[:, ::EVERY]
        level = np.einsum("sfn,sfn->sf", frames, frames)
        others = level.sum(axis=0) - level
        alone = (level > ALONE * others) & (level > AUDIBLE * level.max(initial=0.0))
        sounds = np.zeros_like(self._voices)
        for source, heard in enumerate(alone):
            if heard.any():
                transformed = np.fft.rfft(frames[source, heard] * self._taper, axis=1)
                spectrum = transformed.real**2 + transformed.imag**2
                sounds[source] = np.log(spectrum / spectrum.sum(axis=1, keepdims=True) + FLOOR).mean(axis=0)
        return sounds, alone.sum(axis=1) * self._frame_seconds

    def _likeness(self, sounds: Values) -> Values:
        """Return ``l`` ``[output, source]``."""
        mean = self._voices.mean(axis=0)
        own = self._voices - mean
        likeness: Values = (own @ (sounds - mean).T) / (np.square(own).sum(axis=1, keepdims=True) + TINY)
        return likeness

    def _weighed(self, likeness: Values, seconds: Values) -> Values:
        says = np.where(seconds > LEAST_SECONDS, np.minimum(seconds / KNOWN_SECONDS, 1.0), 0.0)
        return np.clip(likeness, -1, 1) * says / (1 + self._spread**2)

    def _learn(self, sounds: Values, seconds: Values, own: Values | None) -> None:
        """Take what each output's voice sounded like into its memory; ``own``: how like itself it was."""
        for output in np.flatnonzero(seconds):
            heard = float(seconds[output])
            if own is not None and heard > LEAST_SECONDS:
                says = min(heard / KNOWN_SECONDS, 1.0)
                self._judged += says
                step = says * max(SPREAD_STEP, 1 / (1 + self._judged))
                self._spread += step * ((float(own[output]) - 1) ** 2 - self._spread)
            before = self._heard_seconds[output] * 0.5 ** (heard / HALF_LIFE_SECONDS)
            self._heard_seconds[output] = before + heard
            self._voices[output] += heard / (before + heard) * (sounds[output] - self._voices[output])
