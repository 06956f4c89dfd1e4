"""Opens workers: by the address of a Dask scheduler, by a number of processes, or none but this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.workers.tasks import InProcess, Workers

INSTALL: Final = "pip install 'tasnet2hef[cluster]'"


def has_cluster() -> bool:
    """Return whether Dask is installed here."""
    return find_spec("distributed") is not None


@contextmanager
def open_workers(
    scheduler: str = "", processes: int = 0, *, needs: Sequence[str] = (), memory_bytes: int = 0
) -> Iterator[Workers]:
    """Yield the workers of the Dask cluster at ``scheduler``; else as many processes here; else this process.

    ``needs`` is what tasks will need. ``memory_bytes`` is what one task may use, where processes are started here.

    Raises:
        OptionError: both are given, Dask is not installed, the scheduler does not answer, has no workers, or has
            one that another version of this package is installed for; no worker has what is needed.
        RefusedError: the processes don't start.
    """
    if not scheduler and not processes:
        yield InProcess()
        return
    if scheduler and processes:
        raise OptionError(f"--workers {processes}: found --scheduler {scheduler} beside it, expected one of them")
    if not has_cluster():
        asked = f"--scheduler {scheduler}" if scheduler else f"--workers {processes}"
        raise OptionError(f"{asked}: found no Dask here, expected dask.distributed; {INSTALL}")
    from tasnet2hef.base.workers.cluster import joined_cluster, local_cluster

    with (
        joined_cluster(scheduler, needs) if scheduler else local_cluster(processes, needs, memory_bytes) as workers
    ):
        yield workers
