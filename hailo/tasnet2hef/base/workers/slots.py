"""How many tasks of each kind the workers of a cluster run side by side now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from distributed import Client

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.workers.tasks import DFC, TORCH
from tasnet2hef.base.workers.welcome import COMPILES, OURS

ANSWER_S: Final = 30.0
"""How long a scheduler, or a worker that is asked through it, may take to answer: a stopped one never does."""


@dataclass(frozen=True)
class Slots:
    """Places for tasks that compute, for those of them that need PyTorch, and for those that compile."""

    computing: int = 0
    torch: int = 0
    compiling: int = 0

    def fit(self, needs: frozenset[str]) -> int:
        """Return how many tasks with these needs run side by side."""
        if DFC in needs:
            return self.compiling
        return self.torch if TORCH in needs else self.computing

    def or_more(self, other: Slots) -> Slots:
        """Return the larger number of each."""
        return Slots(
            max(self.computing, other.computing),
            max(self.torch, other.torch),
            max(self.compiling, other.compiling),
        )

    def require(self, needs: frozenset[str]) -> None:
        """Refuse what would wait for ever.

        Raises:
            OptionError: no worker has what tasks need.
        """
        if not self.fit(needs):
            raise OptionError(
                f"cluster: found no worker {_MISSING[max(needs, key=[TORCH, DFC].index, default='')]}"
            )


_MISSING: Final[Mapping[str, str]] = {
    DFC: f"that has {DFC}, expected one; start one beside the compiler with --resources DFC=1",
    TORCH: f"that has {TORCH}, expected one; start one in an environment with PyTorch (hailo/to-onnx-env), "
    "without --resources DFC=1",
    "": "that computes, expected one; start one without --resources DFC=1",
}


def asked(client: Client, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return what a scheduler answers to ``call``, a coroutine function.

    Raises:
        TimeoutError: it does not answer within ``ANSWER_S``.
        OSError: it is gone.
    """
    try:
        return client.sync(partial(call, *arguments, **named), callback_timeout=ANSWER_S)
    except asyncio.TimeoutError as error:  # its own class before Python 3.11
        raise TimeoutError(str(error)) from error


def workers_of(client: Client) -> Mapping[str, Mapping[str, Any]]:
    """Return what the scheduler knows of each worker, by its address; raises as ``asked`` does."""
    found: Mapping[str, Mapping[str, Any]] = asked(client, client.scheduler.identity, n_workers=-1)["workers"]
    return found


def slots_of(client: Client) -> Slots:
    """Return the places that all workers have together: none, where the scheduler is gone or does not answer."""
    try:
        workers = workers_of(client)
    except (OSError, RuntimeError, TimeoutError, AttributeError):
        return Slots()
    all_have = [each["resources"] for each in workers.values() if not _is_stuck(each)]
    return Slots(
        sum(int(have.get(OURS, 0)) for have in all_have),
        sum(int(have.get(TORCH, 0)) for have in all_have if OURS in have),
        sum(int(min(have.get(COMPILES, 0), have.get(DFC, 0))) for have in all_have),
    )


def _is_stuck(worker: Mapping[str, Any]) -> bool:
    """Return whether a worker begins nothing for want of memory, and has nothing to end that would free some."""
    return worker["status"] == "paused" and not worker["metrics"].get("task_counts", {}).get("executing", 0)
