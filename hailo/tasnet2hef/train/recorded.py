"""Draws clips from mixtures that are there already; a draw depends on seed and number only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.mixture_files import MixtureFile
from tasnet2hef.train.reading import read_mono

TRIES: Final = 20
"""Clips that are drawn before a set is given up as silent."""


@dataclass(frozen=True)
class RecordedMixtures:
    """Clips of ``samples`` samples from mixtures on disk.

    A drawn array ``[row, sample]`` holds the sources, where they are known, and what the mixture has besides them
    (noise): its sum over rows is the mixture.
    """

    files: Sequence[MixtureFile]
    samples: int
    sample_rate_hz: int

    def batch(self, seed: int, step: int, size: int) -> Samples:
        """Return ``[batch, row, sample]``, that of training step ``step``."""
        return np.stack([self.draw(seed, step * size + place) for place in range(size)])

    def draw(self, seed: int, number: int) -> Samples:
        """Return clip ``number`` of the series ``seed``, ``[row, sample]``.

        Raises:
            AudioError: a recording can't be used, or all that is drawn is silent.
        """
        random = np.random.default_rng((seed, number))
        for _ in range(TRIES):
            chosen = self.files[int(random.integers(len(self.files)))]
            rows = self._cut(chosen, float(random.random()))
            if rows.any():
                return rows
        raise AudioError(
            f"{chosen.mixture}: silent, and {TRIES - 1} clips drawn before it; give mixtures of speech"
        )

    def _cut(self, chosen: MixtureFile, place: float) -> Samples:
        mixture = read_mono(chosen.mixture, self.sample_rate_hz)
        known = [read_mono(path, self.sample_rate_hz) for path in chosen.sources]
        if any(len(source) != len(mixture) for source in known):
            lengths = ", ".join(str(len(source)) for source in known)
            raise AudioError(
                f"{chosen.mixture}: found {len(mixture)} samples, its sources have {lengths}; cut all alike"
            )
        rows = np.stack([*known, mixture - np.sum(known, axis=0)] if known else [mixture])
        start = int(place * max(0, rows.shape[1] - self.samples))
        cut = rows[:, start : start + self.samples]
        # Repeated rather than padded: silence would count in the statistics.
        return np.stack([np.resize(row, self.samples) for row in cut]).astype(np.float32)
