"""SI-SDR and its permutation-invariant form in torch: differentiable, and finite for silence.

For an estimate ``e`` and a source ``s``, both of zero mean, ``t = <e, s> / <s, s> * s`` is the part of ``e``
that is the source, and SI-SDR = 10 log10(|t|^2 / |e - t|^2) dB; see ``audio.metrics`` for its source.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

EPS = 1e-8
"""Keeps silence finite; in squared full-scale units."""


def si_sdr_db(estimate: Tensor, source: Tensor) -> Tensor:
    """Return the SI-SDR in dB; ``[..., sample]`` twice to ``[...]``.

    >>> source = torch.tensor([1.0, -1.0, 1.0, -1.0])
    >>> noise = torch.tensor([0.1, 0.1, -0.1, -0.1])
    >>> round(float(si_sdr_db(3 * (source + noise), source)), 3)
    20.0
    """
    estimate = estimate - estimate.mean(-1, keepdim=True)
    source = source - source.mean(-1, keepdim=True)
    gain = (estimate * source).sum(-1, keepdim=True) / (source.pow(2).sum(-1, keepdim=True) + EPS)
    target = gain * source
    ratio = (target.pow(2).sum(-1) + EPS) / ((estimate - target).pow(2).sum(-1) + EPS)
    return 10 * torch.log10(ratio)


def best_order(estimates: Tensor, sources: Tensor) -> Tensor:
    """Return which estimate belongs to each source, by the best mean SI-SDR.

    Shape: ``[batch, source, sample]`` twice to indices ``[batch, source]``.
    """
    count = sources.shape[1]
    every_pair = si_sdr_db(estimates[:, None, :, :], sources[:, :, None, :])
    orders = torch.tensor(list(itertools.permutations(range(count))), device=sources.device)
    by_order = every_pair[:, torch.arange(count, device=sources.device), orders]
    return orders[by_order.mean(-1).argmax(-1)]


def best_order_si_sdr_db(estimates: Tensor, sources: Tensor) -> Tensor:
    """Return the SI-SDR per source in dB under the order of estimates with the best mean.

    Shape: ``[batch, source, sample]`` twice to ``[batch, source]``, in the order of ``sources``.
    """
    order = best_order(estimates.detach(), sources)
    ordered = estimates.gather(1, order[:, :, None].expand_as(estimates))
    return si_sdr_db(ordered, sources)


def si_sdr_improvement_db(estimates: Tensor, mixture: Tensor, sources: Tensor) -> float:
    """Return the mean SI-SDR of the estimates under their best order minus that of the mixture, in dB.

    Shape: ``[batch, source, sample]``, ``[batch, sample]``, ``[batch, source, sample]``.
    """
    return float(best_order_si_sdr_db(estimates, sources).mean() - si_sdr_db(mixture[:, None], sources).mean())


def separation_loss(estimates: Tensor, sources: Tensor) -> Tensor:
    """Return the negative mean SI-SDR in dB under the best order; ``[batch, source, sample]`` to a scalar."""
    return -best_order_si_sdr_db(estimates, sources).mean()
