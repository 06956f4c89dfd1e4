"""Sets the level of separated sources: a net trained with SI-SDR may return any scale, even 10,000 times too loud.

For the mixture ``x`` and sources ``s_i`` (all ``[sample]``, over the whole file) the gains are the least-squares
solution of ``x = sum_i g_i s_i``, that is of ``G g = b`` with ``G_ij = <s_i, s_j>`` and ``b_i = <s_i, x>``.
Gains per source are used only where they are reliable: no two sources alike (condition of the sources'
correlation matrix at most 100), all gains of one sign and within 12 dB of each other. Otherwise, for example with
one silent source, all sources get the one gain ``g = <s, x> / <s, s>`` with ``s = sum_i s_i``. A gain may be
negative: SI-SDR ignores the sign of a source, the mixture does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.samples import Samples, inner_products

LARGEST_CONDITION = 100.0
LARGEST_RATIO = 4.0
"""12 dB. Both limits are chosen, not measured: beyond them a gain would amplify a net's residue."""

SMALLEST_SHARE = 1e-4
"""Share of the mixture's energy that the scaled sources must explain, else the gain stays 1."""


@dataclass(frozen=True)
class Gain:
    """Factors, one per source, and a note where they are not the plain solution (else empty)."""

    factors: tuple[float, ...]
    note: str = ""
    is_known: bool = True
    """Whether the sources determine the level; if not, the factors are 1."""


class MixtureSums:
    """The sums over time from which the gains follow, added up block by block.

    >>> voices = np.eye(2, 4, dtype=np.float32)
    >>> sums = MixtureSums(2)
    >>> sums.add(voices.sum(axis=0), 5000 * voices)
    >>> sums.gain().factors
    (0.0002, 0.0002)
    """

    def __init__(self, n_src: int) -> None:
        self._gram = np.zeros((n_src, n_src))
        self._target = np.zeros(n_src)
        self._power = 0.0

    def add(self, mixture: Samples, sources: Samples) -> None:
        """Take the next of the mixture ``[sample]`` and of its sources ``[source, sample]``."""
        self._gram += inner_products(sources, sources)
        self._target += inner_products(sources, mixture[None])[:, 0]
        self._power += float(inner_products(mixture[None], mixture[None])[0, 0])

    def add_channel(self, channel: MixtureSums, order: Sequence[int]) -> None:
        """Take the sums of another channel, whose source ``order[i]`` is source ``i`` here."""
        chosen = list(order)
        self._gram += channel._gram[np.ix_(chosen, chosen)]
        self._target += channel._target[chosen]
        self._power += channel._power

    def decay(self, kept: float) -> None:
        """Let the sums up to here count ``kept`` times as much."""
        self._gram *= kept
        self._target *= kept
        self._power *= kept

    def gain(self) -> Gain:
        """Find the gains that make the sources add up to the mixture."""
        return solve_gain(self._gram, self._target, self._power)


def solve_gain(gram: NDArray[np.float64], target: NDArray[np.float64], power: float) -> Gain:
    """Find the gains from the sums over time: ``G`` ``[source, source]``, ``b`` ``[source]`` and ``<x, x>``."""
    single = float(target.sum() / gram.sum()) if gram.sum() > 0 else 0.0
    if single * float(target.sum()) <= SMALLEST_SHARE * power:
        note = "gain left at 1: the sources do not add up to the mixture at any scale"
        return Gain((1.0,) * len(target), note, is_known=False)
    if _well_conditioned(gram):
        factors = np.linalg.solve(gram, target)
        if _balanced(factors):
            return Gain(tuple(float(factor) for factor in factors))
    note = "one gain for all sources: gains of their own would be uncertain (a silent or repeated source)"
    return Gain((single,) * len(target), note)


def _well_conditioned(gram: NDArray[np.float64]) -> bool:
    levels = np.sqrt(np.diag(gram))
    if not levels.all():
        return False
    return bool(np.linalg.cond(gram / np.outer(levels, levels)) <= LARGEST_CONDITION)


def _balanced(factors: NDArray[np.floating[Any]]) -> bool:
    smallest, largest = sorted((abs(float(factors.min())), abs(float(factors.max()))))
    same_sign = bool((factors > 0).all() or (factors < 0).all())
    return same_sign and largest <= LARGEST_RATIO * smallest
