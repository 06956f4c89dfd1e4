"""Measures a network on held-out mixtures: SI-SDR improvement by pair of voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import si_sdr_db, si_sdr_improvement_db
from tasnet2hef.train.mixtures import Mixture


@dataclass(frozen=True)
class PairResult:
    """The results on the mixtures of one pair of voices: their number; means, spread and worst in dB."""

    pair: str
    mixtures: int
    input_db: float
    improvement_db: float
    spread_db: float
    worst_db: float


@torch.no_grad()
def input_and_improvement_db(net: ReferenceTasNet, mixture: Mixture) -> tuple[float, float]:
    """Return the sources' mean SI-SDR before separation, and by how much separation improves it, in dB."""
    sources = torch.from_numpy(mixture.sources)[None].to(next(net.parameters()).device)
    summed = sources.sum(1)
    input_db = float(si_sdr_db(summed[:, None], sources).mean())
    return input_db, si_sdr_improvement_db(net(summed), summed, sources)


def measure(net: ReferenceTasNet, mixtures: Sequence[Mixture]) -> list[PairResult]:
    """Measure every mixture; return a row per pair of voices and, last, a row over all."""
    scores: dict[str, list[tuple[float, float]]] = {}
    for mixture in mixtures:
        score = input_and_improvement_db(net, mixture)
        scores.setdefault(" + ".join(mixture.pair), []).append(score)
        scores.setdefault("all", []).append(score)
    names = [name for name in scores if name != "all"]
    return [summarise(name, scores[name]) for name in (*names, "all")]


def summarise(pair: str, scores: Sequence[tuple[float, float]]) -> PairResult:
    """Reduce (input, improvement) in dB per mixture to one row."""
    before, gained = np.array(scores).T
    spread = float(gained.std(ddof=1)) if len(scores) > 1 else 0.0
    return PairResult(pair, len(scores), float(before.mean()), float(gained.mean()), spread, float(gained.min()))


def mean_improvement_db(net: ReferenceTasNet, mixtures: Sequence[Mixture]) -> float:
    """Return the mean SI-SDR improvement over all mixtures in dB."""
    return measure(net, mixtures)[-1].improvement_db


def markdown_table(results: Sequence[PairResult]) -> str:
    """Return the rows as a Markdown table, all figures in dB."""
    lines = [
        "| voices | mixtures | SI-SDR before (dB) | SI-SDR improvement: mean (dB) | spread (dB) | worst (dB) |",
        "|---|---|---|---|---|---|",
    ]
    for row in results:
        figures = (row.input_db, row.improvement_db, row.spread_db, row.worst_db)
        cells = [row.pair, str(row.mixtures), *(f"{round(figure, 1) + 0.0:.1f}" for figure in figures)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
