"""The operators that the compiler's parser accepts directly: each is one torch module and one ONNX node.

HailoTasNet consists of these alone, so an export is a walk over its modules: nothing else can enter the graph.
All tensors are ``[1, channel, frame, 1]`` (tall) or ``[1, channel, 1, frame]`` (wide).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional


def along_time(value: int, other: int, layout: str) -> tuple[int, int]:
    """Place ``value`` on the time axis and ``other`` on the remaining one of (H, W).

    >>> along_time(3, 1, "tall"), along_time(3, 1, "wide")
    ((3, 1), (1, 3))
    """
    return (value, other) if layout == "tall" else (other, value)


class Primitive(nn.Module):
    """One ONNX node: its type, attributes and constant inputs (which follow the tensor inputs)."""

    op_type: ClassVar[str]

    def attributes(self) -> Mapping[str, Any]:
        """Return the node's ONNX attributes."""
        return {}

    def constants(self) -> Mapping[str, Tensor]:
        """Return the node's constant inputs by name, in the operator's order."""
        return {}


class TimeConv(Primitive):
    """A convolution over frames: weight ``[out, in / groups, tap]``, zero padding (before, after) in frames.

    Conv2d with a kernel of ``(tap, 1)``: a Conv1d is the same sums, but parses as a 3-D convolution.
    """

    op_type = "Conv"

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        *,
        layout: str,
        dilation: int = 1,
        groups: int = 1,
        padding: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__()
        self.layout, self.groups, self.padding = layout, groups, padding
        self.dilation = along_time(dilation, 1, layout)
        self.weight = nn.Parameter(weight.float().unsqueeze(3 if layout == "tall" else 2))
        self.bias = None if bias is None else nn.Parameter(bias.float())

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        before, after = self.padding
        if before == after:
            padding = along_time(before, 0, self.layout)
        else:
            padding = (0, 0)
            edges = (0, 0, before, after) if self.layout == "tall" else (before, after, 0, 0)
            x = functional.pad(x, edges)
        return functional.conv2d(x, self.weight, self.bias, 1, padding, self.dilation, self.groups)

    def attributes(self) -> Mapping[str, Any]:
        """Return kernel, padding, dilation and groups, so that nothing is left to be inferred."""
        before, after = (along_time(edge, 0, self.layout) for edge in self.padding)
        return {
            "kernel_shape": list(self.weight.shape[2:]),
            "strides": [1, 1],
            "pads": [*before, *after],
            "dilations": list(self.dilation),
            "group": self.groups,
        }

    def constants(self) -> Mapping[str, Tensor]:
        """Return weight and, where there is one, bias."""
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})


class LeakyReLU(Primitive):
    """``x`` where positive, ``slope * x`` elsewhere: a PReLU with one slope, which the parser would widen."""

    op_type = "LeakyRelu"

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return functional.leaky_relu(x, self.slope)

    def attributes(self) -> Mapping[str, Any]:
        """Return the slope."""
        return {"alpha": self.slope}


class ChannelPReLU(Primitive):
    """A PReLU with a slope for each channel; the slope is stored as ``[channel, 1, 1]``."""

    op_type = "PRelu"

    def __init__(self, slopes: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slopes.float().reshape(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return functional.prelu(x, self.slope.flatten())

    def constants(self) -> Mapping[str, Tensor]:
        """Return the slopes."""
        return {"slope": self.slope}


class Relu(Primitive):
    """``max(x, 0)``."""

    op_type = "Relu"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.relu(x)


class Sigmoid(Primitive):
    """``1 / (1 + exp(-x))``."""

    op_type = "Sigmoid"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.sigmoid(x)


class Tanh(Primitive):
    """Hyperbolic tangent."""

    op_type = "Tanh"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.tanh(x)


class Exp(Primitive):
    """``exp(x)``."""

    op_type = "Exp"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.exp(x)


class Softplus(Primitive):
    """``log(1 + exp(x))``."""

    op_type = "Softplus"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return functional.softplus(x)


class Erf(Primitive):
    """The error function."""

    op_type = "Erf"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.erf(x)


class Sqrt(Primitive):
    """Square root."""

    op_type = "Sqrt"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return torch.sqrt(x)


class ChannelSoftmax(Primitive):
    """Softmax over channels."""

    op_type = "Softmax"

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return x.softmax(dim=1)

    def attributes(self) -> Mapping[str, Any]:
        """Return the axis."""
        return {"axis": 1}


class ChannelSlice(Primitive):
    """The channels from ``first`` up to ``last``, which is left out."""

    op_type = "Slice"

    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.span = (first, last)

    def forward(self, x: Tensor) -> Tensor:
        """Cut."""
        return x[:, slice(*self.span)]

    def constants(self) -> Mapping[str, Tensor]:
        """Return start, end and axis."""
        first, last = self.span
        return {"starts": torch.tensor([first]), "ends": torch.tensor([last]), "axes": torch.tensor([1])}


class Add(Primitive):
    """Sum of two tensors."""

    op_type = "Add"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Add."""
        return x + y


class Sub(Primitive):
    """Difference of two tensors."""

    op_type = "Sub"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Subtract."""
        return x - y


class Mul(Primitive):
    """Product of two tensors."""

    op_type = "Mul"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Multiply."""
        return x * y


class Div(Primitive):
    """Quotient of two tensors."""

    op_type = "Div"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Divide."""
        return x / y


class AddConstant(Primitive):
    """Adds one number to every value."""

    op_type = "Add"

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.full((1, 1, 1, 1), value))

    def forward(self, x: Tensor) -> Tensor:
        """Add."""
        return x + self.value

    def constants(self) -> Mapping[str, Tensor]:
        """Return the number."""
        return {"value": self.value}


class MulConstant(AddConstant):
    """Multiplies every value by one number."""

    op_type = "Mul"

    def forward(self, x: Tensor) -> Tensor:
        """Multiply."""
        return x * self.value


class ChannelMean(Primitive):
    """Mean over channels: ``[1, C, T, 1]`` to ``[1, 1, T, 1]``."""

    op_type = "ReduceMean"

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.mean(dim=1, keepdim=True)

    def attributes(self) -> Mapping[str, Any]:
        """Return the axis."""
        return {"axes": [1], "keepdims": 1}


class TimeMean(Primitive):
    """Mean of every ``frames`` neighbouring frames: ``[1, C, T, 1]`` to ``[1, C, T / frames, 1]``."""

    op_type = "AveragePool"

    def __init__(self, frames: int, *, layout: str) -> None:
        super().__init__()
        self.kernel = along_time(frames, 1, layout)

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return functional.avg_pool2d(x, self.kernel)

    def attributes(self) -> Mapping[str, Any]:
        """Return kernel and strides, which are equal."""
        return {"kernel_shape": list(self.kernel), "strides": list(self.kernel), "pads": [0, 0, 0, 0]}


class ChannelAffine(Primitive):
    """A gain and a bias per channel, written as the batch norm that the parser knows."""

    op_type = "BatchNormalization"

    def __init__(self, gain: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(gain.float()), nn.Parameter(bias.float())
        self.mean = nn.Parameter(torch.zeros_like(self.bias))
        self.variance = nn.Parameter(torch.ones_like(self.gain))

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift."""
        return x * self.gain[:, None, None] + self.bias[:, None, None]

    def attributes(self) -> Mapping[str, Any]:
        """Return an epsilon of zero: mean 0 and variance 1 leave gain and bias alone."""
        return {"epsilon": 0.0}

    def constants(self) -> Mapping[str, Tensor]:
        """Return scale, bias, mean and variance."""
        return {"gain": self.gain, "bias": self.bias, "mean": self.mean, "variance": self.variance}
