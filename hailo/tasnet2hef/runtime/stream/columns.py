"""Runs windows through a graph that computes as many of them at once as it has columns."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import islice

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import RefusedError
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.frames import join_columns, split_columns

WindowGenerator = Generator[Sequence[Samples], Sequence[Samples], Samples]
"""Yields windows ``[row, sample of the row]``, is sent ``[source, row, sample of the row]`` for each, and returns
the sources ``[source, sample]`` that are ready. The caller chooses the columns."""


def run_generator(backend: Backend, generator: WindowGenerator) -> Samples:
    """Run one generator to its end; its windows have the columns to themselves.

    Raises:
        RefusedError: see :func:`run_columns`.
    """
    return run_generators(backend, [generator])[0]


def run_generators(backend: Backend, generators: Sequence[WindowGenerator]) -> list[Samples]:
    """Run several generators to their ends; windows that they yield at the same time share the columns.

    Raises:
        RefusedError: see :func:`run_columns`.
    """
    ready: dict[int, Samples] = {}
    separated: dict[int, Sequence[Samples] | None] = dict.fromkeys(range(len(generators)))
    while separated:
        waiting: dict[int, Sequence[Samples]] = {}
        for number, sources in separated.items():
            try:
                waiting[number] = next(generators[number]) if sources is None else generators[number].send(sources)
            except StopIteration as done:
                ready[number] = done.value
        results = iter(run_columns(backend, [window for windows in waiting.values() for window in windows]))
        separated = {number: list(islice(results, len(windows))) for number, windows in waiting.items()}
    return [ready[number] for number in range(len(generators))]


def run_columns(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    """Separate windows ``[row, sample of the row]``, one per column, in as many runs as needed.

    Columns without a window hold silence. Returns ``[source, row, sample of the row]`` for each window.

    Raises:
        RefusedError: the model returned NaN or infinite samples.
    """
    streams = backend.contract.streams
    separated: list[Samples] = []
    for first in range(0, len(windows), streams):
        separated += _run_once(backend, windows[first : first + streams])
    return separated


def require_finite(sources: Samples) -> Samples:
    """Return the sources.

    Raises:
        RefusedError: some samples are NaN or infinite.
    """
    if not np.isfinite(sources).all():
        raise RefusedError(
            "model: found NaN or infinite samples in its output, expected finite ones; export it again"
        )
    return sources


def _run_once(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    streams = backend.contract.streams
    if streams == 1:  # a device's memory is the window itself: no copy on either side
        return [require_finite(backend.run(windows[0]))]
    columns = np.zeros((streams, *windows[0].shape), np.float32)
    columns[: len(windows)] = windows
    sources = require_finite(backend.run(join_columns(columns)))
    return list(split_columns(sources, streams)[: len(windows)])
