"""Scores separated sources against the true ones: SI-SDR in dB, and which source is which.

SI-SDR of an estimate ``e`` for a reference ``r``, both made zero-mean: ``10 log10(|a r|^2 / |e - a r|^2)`` with
``a = <e, r> / <r, r>``. Source: Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019. The numbers come
from fast_bss_eval (Scheibler, 2022), with the assignment of sources to references of the highest mean.

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
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError

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


def require_scorer() -> None:
    """Check, before any work is done, that scores can be computed.

    Raises:
        OptionError: fast_bss_eval is not installed.
    """
    if find_spec("fast_bss_eval") is None:
        raise OptionError("references: found no fast_bss_eval, which scores them; pip install fast-bss-eval")


def score_sources(references: Samples, sources: Samples, mixture: Samples) -> Scores:
    """Score ``sources`` against as many ``references``, both ``[source, sample]``; ``mixture`` is ``[sample]``."""
    truth = references.astype(np.float64)
    values, order = _si_sdr(truth, sources.astype(np.float64))
    mixed = mixture.astype(np.float64)[None]
    before = [float(_si_sdr(reference[None], mixed)[0][0]) for reference in truth]
    return Scores(
        si_sdr_db=tuple(float(value) for value in values),
        si_sdr_improvement_db=tuple(float(value) - start for value, start in zip(values, before, strict=True)),
        source_numbers=tuple(int(index) + 1 for index in order),
    )


def _si_sdr(truth: Any, estimate: Any) -> tuple[Any, Any]:
    """Call the library's NumPy half: its top-level function fails where torch is not installed (0.1.4)."""
    library = import_module("fast_bss_eval.numpy")
    values, order = library.si_sdr(truth, estimate, zero_mean=True, clamp_db=LARGEST_DB, return_perm=True)
    return values, order
