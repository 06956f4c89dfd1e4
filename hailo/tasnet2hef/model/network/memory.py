"""The memory of a causal net from chunk to chunk: the past rows of each depthwise convolution.

``[past | chunk]`` are joined along time, the convolution runs over them without padding, and the last rows of the
same tensor are the past of the next chunk. Before the first chunk the past is zero, as the original's padding is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tasnet2hef.model.network.primitives import Primitive


class PastRows(nn.Module):
    """An input of the graph: ``[1, channel, row, 1]``, the last rows of the previous chunk."""

    value: Tensor

    def __init__(self, channels: int, rows: int) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros(1, channels, rows, 1), persistent=False)

    def forward(self) -> Tensor:
        """Return the rows."""
        return self.value


class JoinRows(Primitive):
    """``[1, C, P, 1]`` and ``[1, C, F, 1]`` to ``[1, C, P + F, 1]``."""

    op_type = "Concat"

    def forward(self, past: Tensor, x: Tensor) -> Tensor:
        """Join."""
        return torch.cat([past, x], dim=2)

    def attributes(self) -> Mapping[str, Any]:
        """Return the axis."""
        return {"axis": 2}


class LastRows(Primitive):
    """The tensor's last ``rows`` rows, from ``first`` on: an output of the graph. Keeps the value it returned."""

    op_type = "Slice"

    def __init__(self, first: int, rows: int) -> None:
        super().__init__()
        self.span = (first, first + rows)
        self.value = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        """Cut."""
        self.value = x[:, :, slice(*self.span)]
        return self.value

    def constants(self) -> Mapping[str, Tensor]:
        """Return start, end and axis."""
        first, last = self.span
        return {"starts": torch.tensor([first]), "ends": torch.tensor([last]), "axes": torch.tensor([2])}


def set_past(net: nn.Module, memory: Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]) -> None:
    """Set a network's past: arrays by the names of the graph's inputs, e.g. ``tcn_03/state``."""
    for name, module in net.named_modules():
        if isinstance(module, PastRows):
            module.value = torch.from_numpy(memory[name.replace(".", "/")])


def next_past(net: nn.Module) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Return the past rows of the next chunk, one array per depthwise convolution, in the order of the blocks."""
    return [module.value.detach().numpy() for module in net.modules() if isinstance(module, LastRows)]
