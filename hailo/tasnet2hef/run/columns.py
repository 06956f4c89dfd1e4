"""Runs windows through a graph that computes as many of them at once as it has columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tasnet2hef.errors import RefusedError
from tasnet2hef.run.backends import Backend, Samples
from tasnet2hef.run.frames import columns_of, side_by_side


def run_columns(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    """Separate windows ``[row, sample of the row]``, one a column, in as many runs as
    that takes; columns without one hold silence.

    Returns ``[source, row, sample of the row]`` for each window.

    Raises:
        RefusedError: the model returned NaN or infinite samples.
    """
    streams = backend.provenance.streams
    separated: list[Samples] = []
    for first in range(0, len(windows), streams):
        separated += _run_once(backend, windows[first : first + streams])
    return separated


def _run_once(backend: Backend, windows: Sequence[Samples]) -> Sequence[Samples]:
    streams = backend.provenance.streams
    columns = np.zeros((streams, *windows[0].shape), np.float32)
    columns[: len(windows)] = windows
    sources = columns_of(backend.run(side_by_side(columns)), streams)[: len(windows)]
    if not np.isfinite(sources).all():
        raise RefusedError("the model returned NaN or infinite samples, expected finite ones; export it again")
    return list(sources)
