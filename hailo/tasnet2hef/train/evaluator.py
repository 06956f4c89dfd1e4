"""Measures a student beside its teacher on held-out mixtures, at several levels of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.samples import Samples
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import best_order_si_sdr_db, improvement_db

LEVELS_DBFS: Final = (-35.0, -30.0, -25.0, -20.0, -15.0)


@dataclass(frozen=True)
class LevelResult:
    """Improvement in dB at one level of the input: the original, the result, and the result without levelling."""

    dbfs: float
    original: float
    result: float
    unlevelled: float


@dataclass(frozen=True)
class Judge:
    """Held-out clips ``[row, sample]`` and the net whose place a student takes.

    With true sources a score is the SI-SDR improvement in dB, mean over sources and clips; without them it is the
    SI-SDR of the net's outputs with the original's as references.
    """

    clips: Sequence[Samples]
    original: ReferenceTasNet
    has_sources: bool

    @torch.no_grad()
    def score_db(
        self, net: ReferenceTasNet, dbfs: float | None = None, input_level_dbfs: float | None = None
    ) -> float:
        """Score a net, with the input brought to ``dbfs`` first and by the host to ``input_level_dbfs`` then."""
        return float(np.mean([self._score(net, clip, dbfs, input_level_dbfs) for clip in self.clips]))

    def _score(
        self, net: ReferenceTasNet, clip: Samples, dbfs: float | None, input_level_dbfs: float | None
    ) -> float:
        spec = self.original.spec
        heard = clip.sum(axis=0)
        heard = heard * np.float32(levelling_gain(heard, spec.sample_rate, dbfs))
        heard = heard * np.float32(levelling_gain(heard, spec.sample_rate, input_level_dbfs))
        mixture = torch.from_numpy(heard)[None].to(next(net.parameters()).device)
        return self._improvement_db(net(mixture).cpu(), mixture.cpu(), torch.from_numpy(clip)[None])

    def _improvement_db(self, estimates: Tensor, mixture: Tensor, rows: Tensor) -> float:
        if not self.has_sources:
            device = next(self.original.parameters()).device
            return float(best_order_si_sdr_db(estimates, self.original(mixture.to(device)).cpu()).mean())
        return improvement_db(estimates, mixture, rows[:, : self.original.spec.n_src])[1]

    def by_level(self, net: ReferenceTasNet, input_level_dbfs: float | None) -> list[LevelResult]:
        """Measure original and result at input levels from -35 to -15 dBFS."""
        return [
            LevelResult(
                dbfs,
                self.score_db(self.original, dbfs),
                self.score_db(net, dbfs, input_level_dbfs),
                self.score_db(net, dbfs),
            )
            for dbfs in LEVELS_DBFS
        ]
