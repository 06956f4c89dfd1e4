"""Training on several processors or machines at once, as ``torchrun`` starts them.

``torchrun --nproc-per-node 4 -m tasnet2hef ...`` sets WORLD_SIZE and RANK; without them there is one process and
nothing here does anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Processes:
    """How many processes train together, and which of them this is."""

    count: int = 1
    rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that saves."""
        return self.rank == 0

    def spread(self, module: nn.Module, device: str) -> Any:
        """Return a module whose gradients are averaged over the processes."""
        if self.count == 1:
            return module
        places = [torch.device(device)] if device.startswith("cuda") else None
        return DistributedDataParallel(module, device_ids=places, find_unused_parameters=True)

    def agree(self, wish: bool) -> bool:
        """Return whether all processes wish to go on, so that none waits for another that stopped."""
        if self.count == 1:
            return wish
        wishes = torch.tensor(int(wish))
        distributed.all_reduce(wishes, distributed.ReduceOp.MIN)
        return bool(wishes)


@contextmanager
def parallel() -> Iterator[Processes]:
    """Join the other processes that ``torchrun`` started, if it did."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Processes(count, distributed.get_rank())
    finally:
        distributed.destroy_process_group()


def mean_over_processes(value: Tensor) -> float:
    """Return the mean of a scalar over all processes."""
    if not distributed.is_initialized():
        return float(value)
    total = value.cpu().double()
    distributed.all_reduce(total)
    return float(total) / distributed.get_world_size()
