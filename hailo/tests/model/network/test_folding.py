"""Polyphase convolutions equal the strided ones they replace."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from tasnet2hef.model.network.folding import (
    Affine,
    Conv,
    fold_into_pointwise,
    polyphase_decoder,
    polyphase_encoder,
)


def _relative_error(expected: torch.Tensor, actual: torch.Tensor) -> float:
    return float((expected - actual).norm() / expected.norm())


@given(kernel=st.integers(1, 40), stride=st.integers(1, 40), frames=st.integers(1, 30), seed=st.integers(0, 99))
def test_polyphase_equals_the_strided_convolution(kernel: int, stride: int, frames: int, seed: int) -> None:
    torch.manual_seed(seed)
    stride = min(stride, kernel)
    filters = torch.randn(5, 1, kernel, dtype=torch.float64)
    encoder = polyphase_encoder(filters, stride)
    rows = frames + encoder.shape[2] - 1
    samples = torch.randn(1, 1, rows * stride, dtype=torch.float64)
    expected = functional.conv1d(samples, filters, stride=stride)[..., :frames]
    actual = functional.conv1d(samples.view(1, rows, stride).transpose(1, 2), encoder)
    assert _relative_error(expected, actual) < 1e-12


@given(kernel=st.integers(1, 40), stride=st.integers(1, 40), frames=st.integers(1, 30), seed=st.integers(0, 99))
def test_polyphase_equals_overlap_add(kernel: int, stride: int, frames: int, seed: int) -> None:
    torch.manual_seed(seed)
    stride = min(stride, kernel)
    filters = torch.randn(5, 1, kernel, dtype=torch.float64)
    features = torch.randn(1, 5, frames, dtype=torch.float64)
    decoder = polyphase_decoder(filters, stride)
    expected = functional.conv_transpose1d(features, filters, stride=stride)[0, 0]
    rows = functional.conv1d(features, decoder, padding=decoder.shape[2] - 1)
    actual = rows[0].transpose(0, 1).flatten()
    assert _relative_error(expected, actual[: expected.numel()]) < 1e-12
    assert not actual[expected.numel() :].any()


def test_an_affine_map_folds_into_a_pointwise_convolution() -> None:
    torch.manual_seed(0)
    conv = Conv(torch.randn(3, 4, 1, dtype=torch.float64), torch.randn(3, dtype=torch.float64))
    affine = Affine(torch.randn(4, dtype=torch.float64), torch.randn(4, dtype=torch.float64))
    x = torch.randn(1, 4, 7, dtype=torch.float64)
    expected = functional.conv1d(x * affine.gain[:, None] + affine.bias[:, None], conv.weight, conv.bias)
    folded = fold_into_pointwise(affine, conv)
    assert _relative_error(expected, functional.conv1d(x, folded.weight, folded.bias)) < 1e-12
