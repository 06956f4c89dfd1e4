"""Whether a scheduler and its workers are such that results don't depend on who computes them."""

from __future__ import annotations

import asyncio
import importlib.metadata
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from distributed import Client, rpc
from distributed.versions import VersionMismatchWarning

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.version import __version__
from tasnet2hef.base.workers.slots import ANSWER_S, asked, workers_of
from tasnet2hef.base.workers.welcome import COMPUTING, WorkerFacts, worker_facts

CONNECT_S: Final = 10.0
SCHEMES: Final = ("tcp://", "tls://")
_CLOSE_S: Final = 3.0


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler at ``address``.

    Raises:
        OptionError: none answers within ``CONNECT_S``.
    """
    try:
        if "://" in address and not address.startswith(SCHEMES):
            raise ValueError("its address begins with none of " + ", ".join(SCHEMES))
        _require_scheduler(address)
        with warnings.catch_warnings():
            # of differing versions: what matters of them is refused, in words, by require_fitting
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError, asyncio.TimeoutError) as error:
        reason = " ".join(str(error).split())[:160] or "it is silent"
        raise OptionError(
            f"{_option(address)}: found no scheduler that answers within {CONNECT_S:g} s ({reason}), expected one "
            "such as tcp://host:8786; start it with: dask scheduler"
        ) from error
    try:
        yield client
    finally:
        with suppress(TimeoutError, asyncio.TimeoutError):  # it may be busy with looking for a lost scheduler
            client.close(timeout=_CLOSE_S)


def _require_scheduler(address: str) -> None:
    """Have a scheduler answer, in a loop of its own: a client would wait for ever for one that is silent.

    Raises:
        OSError, ValueError, TypeError, RuntimeError, asyncio.TimeoutError: there is none.
    """
    with ThreadPoolExecutor(1) as thread:  # this one may have a loop already, in a notebook
        kind = thread.submit(lambda: asyncio.run(asyncio.wait_for(_kind(address), CONNECT_S))).result()
    if kind != "Scheduler":
        raise ValueError(f"it is a {kind}")


async def _kind(address: str) -> str:
    async with rpc(address) as there:
        return str((await there.identity())["type"])


def require_fitting(client: Client, address: str) -> None:
    """Refuse a scheduler or workers that don't fit this process.

    Raises:
        OptionError: another version of Dask or of this package, no worker, or workers whose last digits differ.
    """
    try:
        _require_same_dask(client, address)
        if not workers_of(client):
            raise OptionError(f"{_option(address)}: found a scheduler without workers, expected one at least")
        facts = _facts(client)
        _require_same_version(client, address, facts)
    except TimeoutError as error:
        raise OptionError(
            f"{_option(address)}: found a scheduler or a worker that does not answer within {ANSWER_S:g} s, "
            "expected an answer of each; stop what hangs there, and start it anew"
        ) from error
    _require_same_digits(address, [each for each in facts.values() if not each.compiles])


def _option(address: str) -> str:
    return f"--scheduler {address}"


def _require_same_dask(client: Client, address: str) -> None:
    """Refuse a scheduler of another version of Dask, which promises nothing between versions."""
    versions = asked(client, client.get_versions)
    here = versions["client"]["packages"]["distributed"]
    there = (versions["scheduler"] or {"packages": {}})["packages"].get("distributed")
    if there != here:
        raise OptionError(
            f"{_option(address)}: found a scheduler of dask.distributed {there}, expected {here}, as here; "
            "install the same version in both"
        )


def _facts(client: Client) -> dict[str, Any]:
    """Return what each worker says of itself, or why it can't, by its address; those that left are left out."""
    told = asked(client, client.run, worker_facts, on_error="return")
    return {where: each for where, each in told.items() if not isinstance(each, OSError)}


def _require_same_version(client: Client, address: str, facts: Mapping[str, Any]) -> None:
    for where, each in facts.items():
        if isinstance(each, WorkerFacts) and each.version == __version__:
            continue
        name, version = (str(each), each.version) if isinstance(each, WorkerFacts) else _told_by(client, where)
        raise OptionError(
            f"{_option(address)}: {name}: found tasnet2hef {version}, expected {__version__}, as here; install "
            "the same there, or stop that worker"
        )


def _require_same_digits(address: str, computing: list[WorkerFacts]) -> None:
    for package in COMPUTING:
        versions = {each.packages.get(package): each for each in reversed(computing)}
        versions.pop(None, None)
        if len(versions) > 1:
            (one, at), (other, beside) = list(versions.items())[:2]
            raise OptionError(
                f"{_option(address)}: {at}: found {package} {one}, expected {other}, as {beside} has: results "
                "would depend on who computes them; install the same version in all"
            )


def _told_by(client: Client, where: str) -> tuple[str, str]:
    """Return a worker's name and version where it can't even say what it is."""
    ask = partial(client.run, importlib.metadata.version, workers=[where], on_error="return")
    version = asked(client, ask, "tasnet2hef")[where]
    name = workers_of(client).get(where, {}).get("name", where)
    return f"worker {name}", "of another version" if isinstance(version, Exception) else str(version)
