"""Folds a constant affine map that precedes a zero-padded depthwise convolution, edges included.

Between them the original pads with zeros *after* the map, so folding the bias into the depthwise convolution alone
is wrong at the edges. What must be padded is the value that the map sends to zero, ``p = -b / g``, which
differs by channel. So the padding moves in front of the 1x1 convolution, where a padded row yields that
convolution's bias; a channel that is one inside the clip and zero in the padding lets the bias differ from the
value inside. Both are exact, and the map costs no layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from tasnet2hef.model.network.folding import Conv
from tasnet2hef.model.network.norms import NormConstants

SMALLEST_SLOPE: Final = 0.01
"""Below this a negative padding value would need a bias so large that float32 loses the rest."""


@dataclass(frozen=True)
class PaddedFold:
    """The 1x1 convolution (to be padded; its last input is the constant one) and the depthwise one (not)."""

    expand: Conv
    depthwise: Conv


def fold_with_padding(expand: Conv, depthwise: Conv, slope: Tensor, constants: NormConstants) -> PaddedFold | None:
    """Fold ``depthwise(pad(g * leaky(expand(x)) + b))`` into two convolutions around the activation.

    Args:
        expand: ``[H, B, 1]``.
        depthwise: ``[H, 1, P]``.
        slope: the activation's slope for negative values, ``[1]`` or ``[H]``.
        constants: gain g and bias b, and the peak of what comes in: a channel whose gain is so small that its
            padding would lie beyond the peak is scaled down (the activation commutes with positive factors), so
            that the padding does not widen the range of the 8-bit tensor.

    Return None where a padding value is below zero and the activation can't produce it.
    """
    gain, bias = constants.affine.gain, constants.affine.bias
    floor = bias.abs() / constants.input_peak
    sign = torch.where(gain < 0, -1.0, 1.0).double()
    new_gain = torch.where(gain.abs() < floor, sign * floor, gain)
    is_live = new_gain != 0
    safe_gain = torch.where(is_live, new_gain, torch.ones_like(new_gain))
    scale = torch.where(is_live, gain / safe_gain, torch.zeros_like(gain))
    pad_value = torch.where(is_live, -bias / safe_gain, torch.zeros_like(bias))
    slopes = slope.expand_as(pad_value)
    if bool(((pad_value < 0) & (slopes < SMALLEST_SLOPE)).any()):
        return None
    pad_bias = torch.where(pad_value < 0, pad_value / slopes, pad_value)
    ones_column = (scale * expand.bias - pad_bias)[:, None, None]
    weight = torch.cat([expand.weight * scale[:, None, None], ones_column], dim=1)
    taps = depthwise.weight.sum(dim=(1, 2))
    return PaddedFold(
        Conv(weight, pad_bias),
        Conv(depthwise.weight * new_gain[:, None, None], depthwise.bias + bias * taps),
    )
