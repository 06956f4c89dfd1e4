"""Hundreds of workers of Dask in this process, under its own scheduler."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dask
from distributed import Client, LocalCluster

from tasnet2hef.base.workers import TORCH, Workers
from tasnet2hef.base.workers.cluster import DaskWorkers
from tasnet2hef.base.workers.welcome import Welcome

_ALONE: Final = {"distributed.admin.system-monitor.interval": "1h", "distributed.worker.profile.enabled": False}
"""Without what each worker watches of its machine: hundreds would do that for one process here."""


@contextmanager
def crowd(count: int) -> Iterator[Workers]:
    """Yield ``count`` workers of one thread each; they share this process, and so its one interpreter."""
    with (
        dask.config.set(_ALONE),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=False,
            memory_limit=None,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(count, timeout=300)
        client.register_plugin(Welcome())
        yield DaskWorkers(client, f"by {count} workers in this process", [TORCH])
