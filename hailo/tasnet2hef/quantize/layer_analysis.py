"""The loss from each layer: each border at 8 bits alone, and the worst ones in float with all others at 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.histogram import clipped_share, power, rounding_noise, useful_codes
from tasnet2hef.quantize.number_format import A8_W8, FLOAT
from tasnet2hef.quantize.score import LARGEST_DB, Score, Scorer
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulator import Simulator, channel_spread_db


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


def analyse(
    simulator: Simulator,
    scorer: Scorer,
    state: SearchState,
    *,
    relieve: int,
    progress: Progress = no_progress,
) -> list[LayerReport]:
    """Return all borders, largest loss first; measure ``relieve`` of them also in float, the others at 8 bits."""
    borders = simulator.borders
    steps = len(borders) + min(relieve, len(borders)) + 2
    exact = state.measure("float", (), lambda: scorer.score(simulator.float_backend()))
    whole = state.measure("int8", (), lambda: scorer.score(simulator.backend()))
    alone = {}
    for number, border in enumerate(borders, start=3):
        alone[border.layer] = _alone(simulator, scorer, state, border)
        progress(number, steps)
    total = sum(score.noise for score in alone.values())
    losses_db = {name: _loss_alone_db(score, exact, total) for name, score in alone.items()}
    worst = sorted(borders, key=lambda border: -losses_db[border.layer])
    reports = []
    for place, border in enumerate(worst):
        gain_db = _gain_in_float_db(simulator, scorer, state, border, whole) if place < relieve else None
        reports.append(_report(simulator, border, alone[border.layer], losses_db[border.layer], gain_db))
        if place < relieve:
            progress(len(borders) + place + 3, steps)
    return reports


def static_reports(simulator: Simulator) -> list[LayerReport]:
    """Return all borders in the compiler's order, none of them run alone: their losses are not known."""
    return [_report(simulator, border, Score(0.0, None), None, None) for border in simulator.borders]


def _alone(simulator: Simulator, scorer: Scorer, state: SearchState, border: Border) -> Score:
    def run() -> Score:
        return scorer.score(simulator.backend({border.layer: A8_W8}, default=FLOAT))

    return state.measure("alone", [border.layer], run)


def _gain_in_float_db(
    simulator: Simulator, scorer: Scorer, state: SearchState, border: Border, whole: Score
) -> float:
    def run() -> Score:
        return scorer.score(simulator.backend({border.layer: FLOAT}))

    return state.measure("relieved", [border.layer], run).figure_db - whole.figure_db


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
