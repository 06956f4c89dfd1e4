"""Scores separated sources against the true ones: SI-SDR in dB, and which source is which.

SI-SDR of an estimate ``e`` for a reference ``r``, both made zero-mean: ``10 log10(|a r|^2 / |e - a r|^2)`` with
``a = <e, r> / <r, r>``. That is ``10 log10(c / (1 - c))`` with ``c = <e, r>^2 / (<e, e> <r, r>)``, so sums over
time are all that is needed, and a recording of any length is scored block by block. Source: Le Roux et al., "SDR -
half-baked or well done?", ICASSP 2019. Sources are assigned to references for the highest mean. The tests compare
the numbers with fast_bss_eval (Scheibler, 2022), which needs whole signals.

These are the SI-SDRs of ``separate`` and ``simulate``. Three measures are close to it, each for a reason:

- ``train.loss.si_sdr_db``: the same in torch, differentiable and finite for silence. Training, ``freeze`` and
  ``distil`` use it.
- ``quantize.score.relative_noise``: ``|e - a r|^2 / |a r|^2``, a ratio of powers, with the means left in. It
  compares rounded with float outputs: noises of many layers add up, decibels do not.
- ``base.parity.signal_to_error_db``: ``10 log10(|r|^2 / |r - e|^2)``, which depends on scale and offset too. It
  compares two implementations of one net.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.samples import Samples, inner_products

LARGEST_DB = 100.0
"""Scores are clamped to -100 to 100 dB: a perfect source would score infinity, which JSON can't hold."""


@dataclass(frozen=True)
class Scores:
    """One entry per reference, in the order of the references."""

    si_sdr_db: tuple[float, ...]
    si_sdr_improvement_db: tuple[float, ...]
    """SI-SDR of the source less SI-SDR of the mixture."""
    source_numbers: tuple[int, ...]
    """Source, from 1, that was assigned to the reference; each one once."""


def score_sources(references: Samples, sources: Samples, mixture: Samples) -> Scores:
    """Score ``sources`` against as many ``references``, both ``[source, sample]``; ``mixture`` is ``[sample]``."""
    sums = ScoreSums(len(references))
    sums.add(references, sources, mixture)
    return sums.scores()


class ScoreSums:
    """The sums over time from which the scores follow, added up block by block."""

    def __init__(self, n_src: int) -> None:
        self._n_src = n_src
        self._length = 0
        self._sum = np.zeros(2 * n_src + 1)
        """Of the references, the sources and the mixture."""
        self._products = np.zeros((2 * n_src + 1, 2 * n_src + 1))

    def add(self, references: Samples, sources: Samples, mixture: Samples) -> None:
        """Take the next samples; the axes are those of ``score_sources``."""
        signals = np.concatenate([references, sources, mixture[None]])
        self._length += signals.shape[1]
        self._sum += signals.sum(axis=1, dtype=np.float64)
        self._products += inner_products(signals, signals)

    def scores(self) -> Scores:
        """Return the scores of all samples up to here."""
        products = self._products - np.outer(self._sum, self._sum) / max(self._length, 1)
        si_sdr_db = _si_sdr_db(products)[: self._n_src, self._n_src :]
        rows = range(self._n_src)
        order = max(permutations(rows), key=lambda each: float(si_sdr_db[rows, each].sum()))
        values = [float(si_sdr_db[row, column]) for row, column in zip(rows, order, strict=True)]
        return Scores(
            si_sdr_db=tuple(values),
            si_sdr_improvement_db=tuple(
                value - float(before) for value, before in zip(values, si_sdr_db[:, -1], strict=True)
            ),
            source_numbers=tuple(column + 1 for column in order),
        )


def _si_sdr_db(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the SI-SDR of each signal for each other one, from the inner products of signals without a mean."""
    power = np.maximum(np.diag(products), 0)
    most = np.outer(power, power)
    likeness = np.divide(np.square(products), most, out=np.zeros_like(most), where=most > 0)
    least = 10 ** (-LARGEST_DB / 10)
    likeness = np.clip(likeness, least / (1 + least), 1 / (1 + least))
    db: NDArray[np.float64] = 10 * np.log10(likeness / (1 - likeness))
    return db
