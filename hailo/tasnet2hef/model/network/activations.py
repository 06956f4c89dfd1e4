"""Activations and masks in forms that stay 4-D: one convolution per source, never an axis of sources."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.folding import Conv
from tasnet2hef.model.network.primitives import (
    Add,
    AddConstant,
    ChannelPReLU,
    ChannelSlice,
    ChannelSoftmax,
    Erf,
    Exp,
    LeakyReLU,
    Mul,
    MulConstant,
    Primitive,
    Relu,
    Sigmoid,
    Softplus,
    Sub,
    Tanh,
    TimeConv,
)


def make_slope(slope: Tensor) -> Primitive | None:
    """Build a PReLU, as a LeakyReLU where all channels share the slope; None where it changes nothing."""
    if bool((slope == 1).all()):
        return None
    return LeakyReLU(float(slope)) if slope.numel() == 1 else ChannelPReLU(slope)


class Swish(nn.Module):
    """``x * sigmoid(x)``."""

    def __init__(self) -> None:
        super().__init__()
        self.sigmoid = Sigmoid()
        self.product = Mul()

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        product: Tensor = self.product(x, self.sigmoid(x))
        return product


class CentredSigmoid(nn.Module):
    """``sigmoid(x) - 0.5`` as ``0.5 * tanh(0.5 * x)``, for a norm that subtracts the mean, and so the 0.5, anyway.

    In a quiet frame a sigmoid is 0.5 plus a small signal, of which float32 keeps few digits, and which is all that
    remains once the mean is subtracted. On speech the plain form reaches about 78 dB, this one more than 100.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scaled = MulConstant(0.5)
        self.tanh = Tanh()
        self.halved = MulConstant(0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        halved: Tensor = self.halved(self.tanh(self.scaled(x)))
        return halved


class Gelu(nn.Module):
    """``0.5 * x * (1 + erf(x / sqrt(2)))``; before opset 20 ONNX has no Gelu operator."""

    def __init__(self) -> None:
        super().__init__()
        self.scaled = MulConstant(1 / math.sqrt(2))
        self.erf = Erf()
        self.shifted = AddConstant(1.0)
        self.product = Mul()
        self.halved = MulConstant(0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        product: Tensor = self.halved(self.product(x, self.shifted(self.erf(self.scaled(x)))))
        return product


def make_activation(name: str, slope: Tensor | None) -> nn.Module | None:
    """Build the activation that Asteroid calls ``name``; None for ``linear``."""
    if name == "linear":
        return None
    if name == "prelu" and slope is not None:
        return make_slope(slope)
    if name == "leaky_relu":
        return LeakyReLU(nn.LeakyReLU().negative_slope)
    plain: Mapping[str, type[nn.Module]] = {
        "relu": Relu,
        "sigmoid": Sigmoid,
        "tanh": Tanh,
        "gelu": Gelu,
        "swish": Swish,
    }
    return plain[name]()


class SourceMasks(nn.Module):
    """A 1x1 convolution and an activation for each source."""

    def __init__(self, convs: Sequence[Conv], activations: Sequence[nn.Module | None], layout: str) -> None:
        super().__init__()
        self.numbers = tuple(range(1, len(convs) + 1))
        for number, conv, activation in zip(self.numbers, convs, activations, strict=True):
            self.add_module(f"source_{number}", TimeConv(conv.weight, conv.bias, layout=layout))
            if activation is not None:
                self.add_module(f"activation_{number}", activation)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Estimate one mask per source."""
        scores = [self.get_submodule(f"source_{number}")(x) for number in self.numbers]
        if not hasattr(self, "activation_1"):
            return scores
        return [
            self.get_submodule(f"activation_{n}")(score) for n, score in zip(self.numbers, scores, strict=True)
        ]


class SoftmaxMasks(nn.Module):
    """Softmax over three sources or more, element by element: ``exp(a_i - log(sum_j exp(a_j)))``.

    The logarithm is built up pair by pair, ``log(e^a + e^b) = a + softplus(b - a)``, which never overflows.
    """

    def __init__(self, convs: Sequence[Conv], layout: str) -> None:
        super().__init__()
        self.scores = SourceMasks(convs, [None] * len(convs), layout)
        self.numbers = self.scores.numbers
        for number in self.numbers[1:]:
            self.add_module(f"excess_{number}", Sub())
            self.add_module(f"growth_{number}", Softplus())
            self.add_module(f"log_sum_{number}", Add())
        for number in self.numbers:
            self.add_module(f"log_mask_{number}", Sub())
            self.add_module(f"mask_{number}", Exp())

    def forward(self, x: Tensor) -> list[Tensor]:
        """Estimate one mask per source; they add up to one."""
        scores = self.scores(x)
        log_sum = scores[0]
        for number in self.numbers[1:]:
            excess = self.get_submodule(f"excess_{number}")(scores[number - 1], log_sum)
            growth = self.get_submodule(f"growth_{number}")(excess)
            log_sum = self.get_submodule(f"log_sum_{number}")(log_sum, growth)
        masks = []
        for number in self.numbers:
            log_mask = self.get_submodule(f"log_mask_{number}")(scores[number - 1], log_sum)
            masks.append(self.get_submodule(f"mask_{number}")(log_mask))
        return masks


class FeatureSoftmaxMasks(nn.Module):
    """Softmax over the features of each source, or over those of all sources together, frame by frame."""

    def __init__(self, conv: Conv, sources: int, layout: str, *, together: bool) -> None:
        super().__init__()
        groups = 1 if together else sources
        convs = [Conv(*parts) for parts in zip(conv.weight.chunk(groups), conv.bias.chunk(groups), strict=True)]
        self.masks = SourceMasks(convs, [ChannelSoftmax() for _ in convs], layout)
        features = len(conv.bias) // sources
        self.part_names = tuple(f"part_{number}" for number in range(1, sources + 1)) if together else ()
        for number, name in enumerate(self.part_names):
            self.add_module(name, ChannelSlice(number * features, (number + 1) * features))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Estimate one mask per source."""
        masks: list[Tensor] = self.masks(x)
        return [self.get_submodule(name)(masks[0]) for name in self.part_names] or masks


def make_masks(spec: TasNetSpec, weights: Mapping[str, Tensor], conv: Conv, layout: str) -> nn.Module:
    """Build the mask estimators from the original's one convolution for all sources.

    Raises:
        OptionError: softmax over a single source, which is one everywhere.
    """
    convs = [
        Conv(weight, bias)
        for weight, bias in zip(conv.weight.chunk(spec.n_src), conv.bias.chunk(spec.n_src), strict=True)
    ]
    if spec.mask_act != "softmax":
        slope = weights.get("masker.output_act.weight")
        return SourceMasks(convs, [make_activation(spec.mask_act, slope) for _ in convs], layout)
    if spec.softmax_over != "sources":
        return FeatureSoftmaxMasks(conv, spec.n_src, layout, together=spec.softmax_over == "all")
    if spec.n_src == 1:
        raise OptionError("mask_act: softmax over one source is 1 everywhere, so this net separates nothing")
    if spec.n_src > 2:
        return SoftmaxMasks(convs, layout)
    # Two sources: softmax(a, b) = (sigmoid(a - b), sigmoid(b - a)), and the difference folds into the weights.
    weight, bias = convs[0].weight - convs[1].weight, convs[0].bias - convs[1].bias
    return SourceMasks([Conv(weight, bias), Conv(-weight, -bias)], [Sigmoid(), Sigmoid()], layout)
