"""The loss from each layer: each border at 8 bits alone, and the worst ones in float with all others at 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

import numpy as np

from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.bench import Run
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.histogram import clipped_share, power, rounding_noise, useful_codes
from tasnet2hef.quantize.measuring import Measuring
from tasnet2hef.quantize.number_format import A8_W8, FLOAT
from tasnet2hef.quantize.score import LARGEST_DB, Score
from tasnet2hef.quantize.simulator import Simulator, channel_spread_db

IN_FLOAT: Final = Run("float", default=FLOAT)


@dataclass(frozen=True)
class LayerReport:
    """One border at 8 bits. Ratios are in dB: the higher, the better.

    ``loss_alone_db`` is the loss with this layer alone at 8 bits: the float net's SI-SDR minus the SI-SDR then;
    without true sources, the agreement that the 8-bit net would gain without this layer's share of the noise.
    ``gain_in_float_db`` is the gain of the 8-bit net with this layer in float. None: not measured.
    """

    name: str
    type: str
    original_names: tuple[str, ...]
    low: float
    high: float
    scale: float
    zero_point: int
    useful_codes: float
    clipped_share: float
    sqnr_db: float
    channel_spread_db: float
    noise: float
    loss_alone_db: float | None
    gain_in_float_db: float | None = None

    def to_json(self) -> dict[str, object]:
        """Return the layer as `simulate --json` prints it."""
        return {
            "name": self.name,
            "type": self.type,
            "original_names": list(self.original_names),
            "low": self.low,
            "high": self.high,
            "scale": self.scale,
            "zero_point": self.zero_point,
            "useful_codes": round(self.useful_codes, 2),
            "clipped_share": self.clipped_share,
            "sqnr_db": round(self.sqnr_db, 3),
            "channel_spread_db": round(self.channel_spread_db, 3),
            "loss_alone_db": None if self.loss_alone_db is None else round(self.loss_alone_db, 5),
            "gain_in_float_db": None if self.gain_in_float_db is None else round(self.gain_in_float_db, 5),
        }


def analyse(measuring: Measuring, *, relieve: int, progress: Progress = no_progress) -> list[LayerReport]:
    """Return all borders, largest loss first; measure ``relieve`` of them also in float, the others at 8 bits."""
    simulator = measuring.simulator
    borders = simulator.borders
    first = len(borders) + 2
    steps = first + min(relieve, len(borders))
    runs = [IN_FLOAT, Run("int8"), *map(_alone, borders)]
    exact, whole, *scores = measuring.scores(runs, progress=lambda done, _: progress(done, steps))
    alone = {border.layer: score for border, score in zip(borders, scores, strict=True)}
    total = sum(score.noise for score in scores)
    losses_db = {name: _loss_alone_db(score, exact, total) for name, score in alone.items()}
    worst = sorted(borders, key=lambda border: -losses_db[border.layer])
    relieved = measuring.scores(
        [*map(_relieved, worst[:relieve])], progress=lambda done, _: progress(first + done, steps)
    )
    gains_db = [score.figure_db - whole.figure_db for score in relieved]
    return [
        _report(simulator, border, alone[border.layer], losses_db[border.layer], gain_db)
        for border, gain_db in zip_longest(worst, gains_db)
    ]


def static_reports(simulator: Simulator) -> list[LayerReport]:
    """Return all borders in the compiler's order, none of them run alone: their losses are not known."""
    return [_report(simulator, border, Score(0.0, None), None, None) for border in simulator.borders]


def _alone(border: Border) -> Run:
    return Run("alone", (border.layer,), {border.layer: A8_W8}, default=FLOAT)


def _relieved(border: Border) -> Run:
    return Run("relieved", (border.layer,), {border.layer: FLOAT})


def _loss_alone_db(score: Score, exact: Score, total_noise: float) -> float:
    if score.si_sdr_db is not None and exact.si_sdr_db is not None:
        return exact.si_sdr_db - score.si_sdr_db
    rest = max(total_noise - score.noise, 1e-30)
    return float(min(10 * np.log10(max(total_noise, 1e-30) / rest), LARGEST_DB))


def _report(
    simulator: Simulator, border: Border, score: Score, loss_alone_db: float | None, gain_in_float_db: float | None
) -> LayerReport:
    chosen = simulator.format(border.layer)
    seen = simulator.observed.histograms[border.layer]
    noise = rounding_noise(seen, chosen)
    ratio = power(seen) / noise if noise > 0 else float("inf")
    return LayerReport(
        name=border.layer,
        type=simulator.net[border.layer].type,
        original_names=border.original_names,
        low=seen.low,
        high=seen.high,
        scale=chosen.scale,
        zero_point=chosen.zero_point,
        useful_codes=useful_codes(seen, chosen),
        clipped_share=clipped_share(seen, chosen),
        sqnr_db=float(np.clip(10 * np.log10(max(ratio, 1e-30)), -LARGEST_DB, LARGEST_DB)),
        channel_spread_db=channel_spread_db(simulator.observed, border.layer),
        noise=score.noise,
        loss_alone_db=loss_alone_db,
        gain_in_float_db=gain_in_float_db,
    )
