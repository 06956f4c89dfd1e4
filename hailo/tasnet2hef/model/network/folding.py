"""Exact rewrites of weights: affine maps into convolutions, strided convolutions into polyphase ones.

Everything is computed in float64 and rounded once, when a primitive takes the weights.
Source of the identities: Vaidyanathan, "Multirate Systems and Filter Banks", 1993, section 4.3 (polyphase).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Affine:
    """``gain * x + bias`` per channel; both ``[channel]`` in float64."""

    gain: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Conv:
    """Weight ``[out, in, tap]`` and bias ``[out]`` of a convolution over frames, in float64."""

    weight: Tensor
    bias: Tensor


def fold_into_pointwise(affine: Affine, conv: Conv) -> Conv:
    """Return the 1x1 convolution that equals ``conv`` after ``affine``: ``W (g x + b) + c``."""
    bias = conv.bias + conv.weight[:, :, 0] @ affine.bias
    return Conv(conv.weight * affine.gain[None, :, None], bias)


def polyphase_encoder(filters: Tensor, stride: int) -> Tensor:
    """Turn basis functions ``[N, 1, K]`` of a strided convolution into ``[N, S, m]`` over frames of S samples.

    ``w'[n, s, j] = w[n, j * S + s]``: tap j of phase s; taps beyond K are zero.

    >>> polyphase_encoder(torch.arange(3.0).view(1, 1, 3), 2)
    tensor([[[0., 2.],
             [1., 0.]]])
    """
    basis, _, kernel = filters.shape
    padded = functional.pad(filters[:, 0], (0, -kernel % stride))
    return padded.view(basis, -1, stride).transpose(1, 2)


def polyphase_decoder(filters: Tensor, stride: int) -> Tensor:
    """Turn the basis functions ``[N, 1, K]`` of a transposed convolution into ``[S, N, m]`` over frames.

    Overlap-add: row r of S samples gets tap j of frame r - j, so the taps run backwards in time.

    >>> polyphase_decoder(torch.arange(3.0).view(1, 1, 3), 2)
    tensor([[[2., 0.]],
    <BLANKLINE>
            [[0., 1.]]])
    """
    return polyphase_encoder(filters, stride).flip(2).transpose(0, 1)


def pad_outputs(conv: Conv, *, before: int = 0, after: int = 0) -> Conv:
    """Add output channels that are always zero."""
    weight = functional.pad(conv.weight, (0, 0, 0, 0, before, after))
    return Conv(weight, functional.pad(conv.bias, (before, after)))


def pad_inputs(conv: Conv, *, before: int = 0, after: int = 0) -> Conv:
    """Add input channels whose weights are zero."""
    return Conv(functional.pad(conv.weight, (0, 0, before, after)), conv.bias)


def stack_outputs(first: Conv, second: Conv) -> Conv:
    """Return one convolution with the outputs of both, in this order."""
    return Conv(torch.cat([first.weight, second.weight]), torch.cat([first.bias, second.bias]))
