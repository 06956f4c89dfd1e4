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
"""Work that yields windows ``[row, sample of the row]``, is sent ``[source, row, sample of the row]`` for each,
and returns the sources ``[source, sample]`` that are ready: whoever drives it decides on their columns."""


def run_generator(backend: Backend, steps: WindowGenerator) -> Samples:
    """Drive one piece of work to its end; its windows have the columns for themselves.

    Raises:
        RefusedError: see :func:`run_columns`.
    """
    return run_generators(backend, [steps])[0]


def run_generators(backend: Backend, work: Sequence[WindowGenerator]) -> list[Samples]:
    """Drive several pieces of work to their ends; windows that they wait for together share the columns.

    Raises:
        RefusedError: see :func:`run_columns`.
    """
    ready: dict[int, Samples] = {}
    answers: dict[int, Sequence[Samples] | None] = dict.fromkeys(range(len(work)))
    while answers:
        asked: dict[int, Sequence[Samples]] = {}
        for number, answer in answers.items():
            try:
                asked[number] = next(work[number]) if answer is None else work[number].send(answer)
            except StopIteration as done:
                ready[number] = done.value
        separated = iter(run_columns(backend, [window for windows in asked.values() for window in windows]))
        answers = {number: list(islice(separated, len(windows))) for number, windows in asked.items()}
    return [ready[number] for number in range(len(work))]


def run_columns(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    """Separate windows ``[row, sample of the row]``, one a column, in as many runs as
    that takes; columns without one hold silence.

    Returns ``[source, row, sample of the row]`` for each window.

    Raises:
        RefusedError: the model returned NaN or infinite samples.
    """
    streams = backend.contract.streams
    separated: list[Samples] = []
    for first in range(0, len(windows), streams):
        separated += _run_once(backend, windows[first : first + streams])
    return separated


def _run_once(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    streams = backend.contract.streams
    if streams == 1:  # a device's memory is the window itself: no copy on either side
        return [_finite(backend.run(windows[0]))]
    columns = np.zeros((streams, *windows[0].shape), np.float32)
    columns[: len(windows)] = windows
    return list(split_columns(_finite(backend.run(join_columns(columns))), streams)[: len(windows)])


def _finite(sources: Samples) -> Samples:
    if not np.isfinite(sources).all():
        raise RefusedError("the model returned NaN or infinite samples, expected finite ones; export it again")
    return sources
