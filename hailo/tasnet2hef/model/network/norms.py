"""Normalisation on the chip: which strategy a norm takes, its statistics as primitives, its affine part.

Every norm is a standardisation (which may be absent) and a gain and bias per channel. The affine part always
folds into a neighbour or becomes one batch norm layer; only the standardisation costs layers at run time.

========= ============ ===========================================================================
norm      strategy     statistics
========= ============ ===========================================================================
gLN       ``exact``    channels and all frames of the window; frames are averaged in steps
fgLN      ``exact``    all frames of the window, each channel on its own
cLN       ``frame``    channels of one frame
bN        ``folded``   none: constants
identity  ``folded``   none
cgLN      refused      a running sum over frames has no form on the chip
========= ============ ===========================================================================

A strategy with constants from elsewhere (statistics frozen from speech) needs only :func:`norm_constants`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import mean_factors
from tasnet2hef.model.network.folding import Affine
from tasnet2hef.model.network.primitives import AddConstant, ChannelMean, Div, Mul, Sqrt, Sub, TimeMean

_STRATEGIES: Final = {"gLN": "exact", "fgLN": "exact", "cLN": "frame", "bN": "folded", "identity": "folded"}
_BY_REACH: Final = ("exact", "frame", "folded")
BATCH_NORM_EPS: Final = 1e-5  # torch.nn.BatchNorm1d's default, which Asteroid keeps


def norm_strategy(spec: TasNetSpec) -> str:
    """Name the strategy of a net by the norm that needs most of the window: ``exact``, ``frame`` or ``folded``.

    Raises:
        OptionError: a norm can't run on the chip.
    """
    strategies = {strategy_of(norm) for norm in spec.norms}
    return next(strategy for strategy in _BY_REACH if strategy in strategies)


def strategy_of(norm_type: str) -> str:
    """Name one norm's strategy.

    Raises:
        OptionError: it can't run on the chip.
    """
    if norm_type not in _STRATEGIES:
        raise OptionError(
            f"norm_type: found {norm_type}, a running mean over all past frames, which has no form on the "
            "chip (no cumulative sum); make it constant with `tasnet2hef freeze`, then `tasnet2hef distil`"
        )
    return _STRATEGIES[norm_type]


@dataclass(frozen=True)
class NormConstants:
    """The constant part of a norm: its affine map and the typical peak of what comes in."""

    affine: Affine
    input_peak: float


def norm_constants(norm_type: str, weights: Mapping[str, Tensor], prefix: str, channels: int) -> NormConstants:
    """Read a norm's constants from a state dict; ``prefix`` is its module's name."""
    if norm_type == "identity":
        ones = torch.ones(channels, dtype=torch.float64)
        return NormConstants(Affine(ones, torch.zeros_like(ones)), input_peak=1.0)
    if norm_type != "bN":
        gain, bias = (weights[f"{prefix}.{name}"].double() for name in ("gamma", "beta"))
        return NormConstants(Affine(gain, bias), input_peak=1.0)
    mean, variance = (weights[f"{prefix}.running_{name}"].double() for name in ("mean", "var"))
    deviation = torch.sqrt(variance + BATCH_NORM_EPS)
    gain = weights[f"{prefix}.weight"].double() / deviation
    bias = weights[f"{prefix}.bias"].double() - mean * gain
    return NormConstants(Affine(gain, bias), input_peak=float((mean.abs() + 4 * deviation).max()))


class Mean(nn.Module):
    """Mean over channels, over frames in steps of at most 128, or over both.

    A mean over n values shifts by log2(n) bits, and the unit has 8: "Desired shift is 10.0, but op has only 8
    data bits" for 1,999 frames (DFC 3.33.0, recorded). Two short means over equal parts are the same number.
    """

    def __init__(self, *, channels: bool, factors: tuple[int, ...], layout: str) -> None:
        super().__init__()
        steps: dict[str, nn.Module] = {"channels": ChannelMean()} if channels else {}
        for number, factor in enumerate(factors, start=1):
            steps[f"frames_{number}"] = TimeMean(factor, layout=layout)
        self.step_names = tuple(steps)
        for name, step in steps.items():
            self.add_module(name, step)

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        for name in self.step_names:
            x = self.get_submodule(name)(x)
        return x


class Standardise(nn.Module):
    """``(x - mean) / sqrt(variance + eps)`` with the population variance, as the original computes it."""

    def __init__(self, *, channels: bool, factors: tuple[int, ...], eps: float, layout: str) -> None:
        super().__init__()
        self.mean = Mean(channels=channels, factors=factors, layout=layout)
        self.centred = Sub()
        self.squared = Mul()
        self.variance = Mean(channels=channels, factors=factors, layout=layout)
        self.epsilon = AddConstant(eps)
        self.deviation = Sqrt()
        self.normalised = Div()

    def forward(self, x: Tensor) -> Tensor:
        """Standardise."""
        centred = self.centred(x, self.mean(x))
        variance = self.variance(self.squared(centred, centred))
        normalised: Tensor = self.normalised(centred, self.deviation(self.epsilon(variance)))
        return normalised


def make_standardise(norm_type: str, eps: float, window_frames: int, layout: str) -> Standardise | None:
    """Build the statistics of one norm, or None where the norm is constants only."""
    strategy = strategy_of(norm_type)
    if strategy == "folded":
        return None
    factors = mean_factors(window_frames) if strategy == "exact" else ()
    return Standardise(channels=norm_type != "fgLN", factors=factors, eps=eps, layout=layout)
