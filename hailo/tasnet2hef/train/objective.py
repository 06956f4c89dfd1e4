"""The objective of distillation: the outputs of the teacher and, in early steps, its residuals.

For the student's sources ``e`` and the teacher's ``t`` of the same mixture, in the same order (a teacher's outputs
have one, so no permutation is searched):

``loss = -(1 - w) min(SI-SDR(e, t), 30 dB) - w SI-SDR(e, s) + 10 |e - t|_1 / |t|_1 + f |z_e - z_t|^2 / |z_t|^2``

with the true sources ``s`` (best order) where they are known, and ``z`` the residuals after the blocks. The
waveform term keeps the level, which SI-SDR ignores. ``f`` falls from 10 to 0 over the first fifth of the
steps. Sources: Hinton et al., "Distilling the knowledge in a neural network", 2015; Romero et al., "FitNets", ICLR
2015 (features first). The weights give the terms a similar size at the start; they are not tuned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loop import Forward
from tasnet2hef.train.loss import best_order_si_sdr_db, si_sdr_db

AGREEMENT_LIMIT_DB: Final = 30.0
"""Agreement with the teacher above this lowers the loss no further."""
WAVEFORM_WEIGHT: Final = 10.0
FEATURE_WEIGHT: Final = 10.0
FEATURE_SHARE: Final = 0.2
"""Share of the steps over which features are matched."""
_EPS: Final = 1e-8


@dataclass(frozen=True)
class DistillationObjective:
    """The objective of a distillation, for the training loop."""

    teacher: ReferenceTasNet
    steps: int
    truth: float = 0.0
    """Weight of the true sources, 0 to 1."""

    def __call__(self, forward: Forward, sources: Tensor, step: int) -> Tensor:
        """Return the loss of a batch ``[batch, row, sample]``, whose rows are the sources, then noise."""
        mixture = sources.sum(1)
        with torch.no_grad():
            target, target_streams = self.teacher.sources_and_streams(mixture)
        estimates, streams = forward(mixture)
        agreement = si_sdr_db(estimates.float(), target.float()).clamp(max=AGREEMENT_LIMIT_DB).mean()
        loss = -(1 - self.truth) * agreement + WAVEFORM_WEIGHT * waveform_error(estimates, target)
        if self.truth:
            known = sources[:, : self.teacher.spec.n_src]
            loss = loss - self.truth * best_order_si_sdr_db(estimates.float(), known).mean()
        weight = feature_weight(step, self.steps)
        return loss + weight * feature_error(streams, target_streams) if weight else loss


def feature_weight(step: int, steps: int) -> float:
    """Return the weight of the features at ``step`` of ``steps``.

    >>> [feature_weight(step, 1000) for step in (0, 100, 200, 999)]
    [10.0, 5.0, 0.0, 0.0]
    """
    return FEATURE_WEIGHT * max(0.0, 1 - step / (FEATURE_SHARE * steps))


def waveform_error(estimates: Tensor, target: Tensor) -> Tensor:
    """Return ``|e - t|_1 / |t|_1`` over a batch; 0 is equal, 1 is silence."""
    return (estimates - target).abs().sum() / (target.abs().sum() + _EPS)


def feature_error(streams: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Return the mean over blocks of the relative squared error of their residuals."""
    errors = [
        (stream - target).square().sum() / (target.square().sum() + _EPS)
        for stream, target in zip(streams, targets, strict=True)
    ]
    return torch.stack(errors).mean()
