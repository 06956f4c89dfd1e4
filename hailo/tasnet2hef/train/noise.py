"""Adds the rounding noise of 8 bits to a student in training, so that it becomes robust to it.

The error of a tensor rounded to ``2^bits`` steps over its range is nearly uniform over one step; uniform noise of
that width is its differentiable substitute. It is added to the outputs of layers that cross an 8-bit border on the
chip: a convolution with its activation. Source: Fan et al., "Training with quantization noise", ICLR 2021 (here
for activations, and everywhere at once).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tasnet2hef.model.network.reference import ReferenceTasNet


def border_modules(net: ReferenceTasNet) -> Iterator[nn.Module]:
    """Yield the modules whose outputs the chip rounds."""
    yield net.enc_activation
    yield net.masker.bottleneck[1]
    for block in net.masker.blocks:
        yield from (block.shared_block[1], block.shared_block[4], block.res_conv)
        if block.skip_conv is not None:
            yield block.skip_conv
    yield net.masker.mask_net[0]
    yield net.masker.output_act


def rounding_noise(values: Tensor, bits: int) -> Tensor:
    """Return uniform noise as wide as one step of ``values`` rounded to ``2^bits`` steps over their range."""
    with torch.no_grad():
        step = float(values.max() - values.min()) / (2**bits - 1)
    noise: Tensor = (torch.rand_like(values) - 0.5) * step
    return noise


def add_noise(net: ReferenceTasNet, bits: int = 8) -> None:
    """Add noise at every border of ``net``; copies made before have none."""

    def noisy(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output + rounding_noise(output, bits)

    for module in border_modules(net):
        module.register_forward_hook(noisy)
