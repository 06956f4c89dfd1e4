"""Sets the level of separated sources in a stream: the gain of whole files, made causal.

The sums of :mod:`tasnet2hef.audio.gain`, ``G_ij = <s_i, s_j>`` and ``b_i = <s_i, x>``, run over the stream so far
and decay exponentially; the gain of a new block includes the block itself. So the level of the first seconds may
differ slightly from that in a file, and later sound never changes what was played.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tasnet2hef.audio.gain import Gain, MixtureSums
from tasnet2hef.audio.samples import Samples

HALF_LIFE_SECONDS: Final = 20.0
"""Chosen, not measured: several turns of a conversation."""
RAMP_SECONDS: Final = 0.05
"""A gain changes over this time, so that it does not click."""


class RunningGain:
    """Scales the sources of one stream so that they add up to the mixture.

    The sources are muted until the level is known: the net's own may be 10,000 times too loud. Gains per source,
    once known, stay where a later solution is uncertain (one speaker silent for long).
    """

    def __init__(self, n_src: int, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._n_src = n_src
        self._sums = MixtureSums(n_src)
        self._known: Gain | None = None

    @property
    def factors(self) -> tuple[float, ...]:
        """Current factors, one per source; 0 before the level is known."""
        return (0.0,) * self._n_src if self._known is None else self._known.factors

    def apply(self, mixture: Samples, sources: Samples) -> Samples:
        """Return the ``sources`` ``[source, sample]`` of ``mixture`` ``[sample]``, scaled."""
        if not len(mixture):
            return sources
        is_first, last = self._known is None, np.array(self.factors)
        self._update(mixture, sources)
        now = np.array(self.factors)
        if is_first or (last == now).all():
            steady: Samples = sources * now.astype(np.float32)[:, None]
            return steady
        ramp = np.minimum(np.arange(1, len(mixture) + 1) / (RAMP_SECONDS * self._rate_hz), 1.0)
        if len(mixture) < RAMP_SECONDS * self._rate_hz:
            ramp = ramp / ramp[-1]
        scaled: Samples = sources * (last[:, None] + (now - last)[:, None] * ramp).astype(np.float32)
        return scaled

    def _update(self, mixture: Samples, sources: Samples) -> None:
        self._sums.decay(0.5 ** (len(mixture) / (HALF_LIFE_SECONDS * self._rate_hz)))
        self._sums.add(mixture, sources)
        gain = self._sums.gain()
        if gain.is_known and (self._known is None or self._known.note or not gain.note):
            self._known = gain
