"""Measures a student and its teacher on held-out mixtures, at several levels of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import best_order_si_sdr_db, si_sdr_improvement_db

LEVELS_DBFS: Final = (-35.0, -30.0, -25.0, -20.0, -15.0)


@dataclass(frozen=True)
class LevelResult:
    """Improvement in dB at one level of the input: the original, the result, and the result without levelling."""

    dbfs: float
    original: float
    result: float
    unlevelled: float


@dataclass(frozen=True)
class Evaluator:
    """Scores nets on held-out clips ``[row, sample]``, against an original.

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
        """Score a net on input at ``dbfs`` that the host scales to ``input_level_dbfs``; None: no scaling."""
        return float(np.mean([self._score(net, clip, dbfs, input_level_dbfs) for clip in self.clips]))

    def _score(
        self, net: ReferenceTasNet, clip: Samples, dbfs: float | None, input_level_dbfs: float | None
    ) -> float:
        spec = self.original.spec
        samples = clip.sum(axis=0)
        for level_dbfs in (dbfs, input_level_dbfs):
            samples = samples * np.float32(levelling_gain(samples, spec.sample_rate, level_dbfs))
        mixture = torch.from_numpy(samples)[None].to(next(net.parameters()).device)
        return self._improvement_db(net(mixture).cpu(), mixture.cpu(), torch.from_numpy(clip)[None])

    def _improvement_db(self, estimates: Tensor, mixture: Tensor, rows: Tensor) -> float:
        if not self.has_sources:
            device = next(self.original.parameters()).device
            return float(best_order_si_sdr_db(estimates, self.original(mixture.to(device)).cpu()).mean())
        return si_sdr_improvement_db(estimates, mixture, rows[:, : self.original.spec.n_src])

    def by_level(
        self, net: ReferenceTasNet, input_level_dbfs: float | None, progress: Progress = no_progress
    ) -> list[LevelResult]:
        """Measure original and result at input levels from -35 to -15 dBFS."""
        results = []
        for done, dbfs in enumerate(LEVELS_DBFS):
            progress(done, len(LEVELS_DBFS))
            scores = (
                self.score_db(self.original, dbfs),
                self.score_db(net, dbfs, input_level_dbfs),
                self.score_db(net, dbfs),
            )
            results.append(LevelResult(dbfs, *scores))
        return results
