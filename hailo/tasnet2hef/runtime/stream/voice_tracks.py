"""Keeps each voice on its output for the whole stream, through silence and turns.

The overlap of two windows shows which source continues where, except across a silence, and a window in which one
person speaks alone may itself be in the wrong order: then all later windows stay swapped. So each output also
keeps how its voice sounds: the mean ``p_t`` of the log spectrum of the frames in which it is alone. With ``m`` the
mean over the outputs, the likeness of source ``j`` of a window, of mean ``f_j``, to output ``t`` is

    ``l_tj = <p_t - m, f_j - m> / <p_t - m, p_t - m>``, clipped to -1 to 1: near 1 for its own voice.

``v``, the running mean of ``(l - 1)^2`` of the sources put on each output, measures how well that distinguishes
the voices; the likeness is weighted by ``1 / (1 + v^2)``, so for voices that sound alike the overlap decides.

Measured on ten minutes of turns, silences and both at once, windows in the wrong order (trained gLN net, a man and
one of three women, windows of 2 s, overlap 0.5; the thresholds were tried on six mixtures, six more were new):

========================================  ===========  ============
windows in the wrong order                six tried    six new
========================================  ===========  ============
the net itself                            0.6 to 1.4%  0.2 to 1.2%
ordered by the overlap alone              1 to 49%     12 to 48%
ordered by overlap and voice              1.6 to 3.0%  1.4 to 6.1%
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
FRAME_STEP: Final = 2
"""Only every second frame is used, to save time; using at most 16 of a window left 44 % of one mixture swapped."""
ALONE_RATIO: Final = 2.0
"""A source is alone where it has this many times the power of the others together."""
AUDIBLE_SHARE: Final = 1e-3
"""Minimum power of a frame that counts, as a share of the window's loudest."""
FLOOR: Final = 1e-4
"""Added to each bin's share of the power before the logarithm."""
KNOWN_SECONDS: Final = 0.5
"""With this much speech, a voice is known and a window has full weight."""
LEAST_SECONDS: Final = 0.1
HALF_LIFE_SECONDS: Final = 64.0
UNKNOWN_SPREAD: Final = 2.0
SPREAD_STEP: Final = 0.02
TINY: Final = 1e-30

Values = NDArray[np.float64]


class VoiceTracks:
    """Chooses each window's order of sources and learns the sound of the voice on each output."""

    def __init__(self, n_src: int, sample_rate_hz: int) -> None:
        self.order: Order = tuple(range(n_src))
        """Order of the last window: ``order[output]`` is the source that was put there."""
        self._frame = 1 << round(np.log2(FRAME_SECONDS * sample_rate_hz))
        self._frame_seconds = FRAME_STEP * self._frame / sample_rate_hz
        self._taper = np.hanning(self._frame).astype(np.float32)
        self._voices = np.zeros((n_src, self._frame // 2 + 1))
        self._known_seconds = np.zeros(n_src)
        self._spread, self._spread_weight = UNKNOWN_SPREAD, 0.0

    def put_in_order(self, window: Samples, last: Samples | None, edge: int = 0) -> Samples:
        """Return a window's sources ``[source, sample]`` in the order of the outputs.

        ``last`` holds the outputs ``[source, sample]`` where they overlap the window, from sample ``edge`` on;
        None for the first window, which sets the order.
        """
        sounds, seconds = self._sounds(window)
        likeness = self._likeness(sounds) if (self._known_seconds >= KNOWN_SECONDS).all() else None
        if last is not None:
            weighted = None if likeness is None else self._weighted(likeness, seconds)
            self.order = align_order(last, window[:, edge : edge + last.shape[1]], self.order, weighted)
        chosen = list(self.order)
        self._learn(
            sounds[chosen], seconds[chosen], None if likeness is None else likeness[range(len(chosen)), chosen]
        )
        return window if chosen == sorted(chosen) else window[chosen]

    def _sounds(self, window: Samples) -> tuple[Values, Values]:
        """Return each source's mean log spectrum ``[source, bin]`` where it is alone, and for how many seconds."""
        count = window.shape[1] // self._frame
        frames = window[:, : count * self._frame].reshape(len(window), count, self._frame)[:, ::FRAME_STEP]
        level = np.einsum("sfn,sfn->sf", frames, frames)
        others = level.sum(axis=0) - level
        alone = (level > ALONE_RATIO * others) & (level > AUDIBLE_SHARE * level.max(initial=0.0))
        sounds = np.zeros_like(self._voices)
        for source, chosen in enumerate(alone):
            if chosen.any():
                transformed = np.fft.rfft(frames[source, chosen] * self._taper, axis=1)
                spectrum = transformed.real**2 + transformed.imag**2
                sounds[source] = np.log(spectrum / spectrum.sum(axis=1, keepdims=True) + FLOOR).mean(axis=0)
        return sounds, alone.sum(axis=1) * self._frame_seconds

    def _likeness(self, sounds: Values) -> Values:
        """Return ``l`` ``[output, source]``."""
        mean = self._voices.mean(axis=0)
        own = self._voices - mean
        likeness: Values = (own @ (sounds - mean).T) / (np.square(own).sum(axis=1, keepdims=True) + TINY)
        return likeness

    def _weighted(self, likeness: Values, seconds: Values) -> Values:
        weight = np.where(seconds > LEAST_SECONDS, np.minimum(seconds / KNOWN_SECONDS, 1.0), 0.0)
        return np.clip(likeness, -1, 1) * weight / (1 + self._spread**2)

    def _learn(self, sounds: Values, seconds: Values, own: Values | None) -> None:
        """Update each output's voice; ``own`` is the likeness of each source to the output that it was put on."""
        for output in np.flatnonzero(seconds):
            new = float(seconds[output])
            if own is not None and new > LEAST_SECONDS:
                weight = min(new / KNOWN_SECONDS, 1.0)
                self._spread_weight += weight
                step = weight * max(SPREAD_STEP, 1 / (1 + self._spread_weight))
                self._spread += step * ((float(own[output]) - 1) ** 2 - self._spread)
            before = self._known_seconds[output] * 0.5 ** (new / HALF_LIFE_SECONDS)
            self._known_seconds[output] = before + new
            self._voices[output] += new / (before + new) * (sounds[output] - self._voices[output])
