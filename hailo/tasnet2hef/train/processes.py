"""Data-parallel training in several processes, started by ``torchrun``.

``torchrun --nproc-per-node 4 -m tasnet2hef ...`` sets WORLD_SIZE and RANK; without them there is one process, and
every function here is the identity.
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
        """Whether this is the process that saves."""
        return self.rank == 0

    def data_parallel(self, module: nn.Module, device: str) -> Any:
        """Return a module whose gradients are averaged over the processes."""
        if self.count == 1:
            return module
        device_ids = [torch.device(device)] if device.startswith("cuda") else None
        return DistributedDataParallel(module, device_ids=device_ids, find_unused_parameters=True)

    def all_true(self, condition: bool) -> bool:
        """Return the logical AND over all processes, so that all stop at the same step."""
        if self.count == 1:
            return condition
        conditions = torch.tensor(int(condition))
        distributed.all_reduce(conditions, distributed.ReduceOp.MIN)
        return bool(conditions)


def is_first_process() -> bool:
    """Return whether this is the process that saves, before the group is joined."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def parallel() -> Iterator[Processes]:
    """Join the process group, if ``torchrun`` started one."""
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
