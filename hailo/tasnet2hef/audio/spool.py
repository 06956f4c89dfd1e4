"""Holds audio on disk between two passes, in a file without a name: however the process ends, nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError

_BLOCK_VALUES: Final = 1 << 18


class Spool:
    """Samples ``[track, source, sample]``, appended in blocks and read back in others."""

    def __init__(self, file: FileIO, folder: Path, tracks: int, n_src: int) -> None:
        self._file, self._folder = file, folder
        self._shape = (tracks, n_src)
        self.length = 0
        """Samples of each track's sources."""

    def append(self, samples: Samples) -> None:
        """Write the next samples.

        Raises:
            AudioError: the disk is full or fails.
        """
        try:
            left = memoryview(np.ascontiguousarray(np.moveaxis(samples, -1, 0)).tobytes())
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise AudioError(
                f"{self._folder}: the sources can't be held there until all are separated ({error.strerror}); "
                "make room or choose another output folder"
            ) from error
        self.length += samples.shape[-1]

    def blocks(self, length: int, multiple: int = 1) -> Iterator[Samples]:
        """Yield the first ``length`` samples, in blocks of a multiple of ``multiple``."""
        values = self._shape[0] * self._shape[1]
        size = max(1, _BLOCK_VALUES // values // multiple) * multiple
        self._file.seek(0)
        for start in range(0, length, size):
            count = min(size, length - start)
            read = np.frombuffer(self._file.read(4 * count * values), np.float32)
            yield np.moveaxis(read.reshape(count, *self._shape), 0, -1)


@contextmanager
def spool_in(folder: Path, tracks: int, n_src: int) -> Iterator[Spool]:
    """Open an empty spool on the disk of ``folder``.

    Raises:
        AudioError: nothing can be written there.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(TemporaryFile(dir=folder, buffering=0))
        except OSError as error:
            raise AudioError(
                f"{folder}: can't be written ({error.strerror}); choose another output folder"
            ) from error
        yield Spool(file, folder, tracks, n_src)
