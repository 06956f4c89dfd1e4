"""Finds held-out prompts whose recording is also in training under another name, by cross-correlation.

Names do not show this: a package may contain one recording twice, trimmed differently, or cut two prompts out
of one take. The loudest 0.4 s of each held-out prompt are slid over all training audio of the same voice; a
normalised correlation of 0.95 or more is one recording (measured on the five packages: one recording gives 0.995
or more, all others stay below 0.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scripts.demo_network.voices import StudioPrompt
from tasnet2hef.audio.samples import Samples

EXCERPT_SAMPLES: Final = 3200
BLOCK_SAMPLES: Final = 2**15
HOP_SAMPLES: Final = BLOCK_SAMPLES - EXCERPT_SAMPLES
SAME_RECORDING: Final = 0.95
SILENCE_ENERGY: Final = 1e-3
"""Keeps the correlation with digital silence near zero; in squared full-scale units."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Reuse:
    """A held-out prompt, the training prompt that contains its recording, and their correlation."""

    held_out: str
    training: str
    correlation: float


def loudest_excerpt(samples: Samples) -> Samples:
    """Return the 0.4 s with the most energy, or all of a shorter prompt; ``[sample]`` to ``[sample]``."""
    length = min(EXCERPT_SAMPLES, len(samples))
    start = int(np.argmax(sliding_energy(samples, length)))
    return samples[start : start + length]


def sliding_energy(samples: Samples, length: int) -> Array:
    """Return the energy of every excerpt of ``length`` samples; ``[sample]`` to ``[sample - length + 1]``."""
    summed = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    return np.asarray(summed[length:] - summed[:-length])


def block_spectra(samples: Samples) -> Array:
    """Return the spectra ``[block, bin]`` of overlapping blocks, for ``correlations``."""
    blocks = -(-len(samples) // HOP_SAMPLES)
    padded = np.pad(samples, (0, blocks * HOP_SAMPLES + EXCERPT_SAMPLES - len(samples)))
    starts = np.arange(blocks)[:, None] * HOP_SAMPLES
    return np.asarray(np.fft.rfft(padded[starts + np.arange(BLOCK_SAMPLES)]))


def correlations(excerpt: Samples, samples: Samples, spectra: Array) -> Array:
    """Return the normalised correlation, -1 to 1, of an excerpt with ``samples`` at every offset.

    ``spectra`` are ``block_spectra(samples)``, computed once for many excerpts of at most 0.4 s.
    """
    products = np.fft.irfft(spectra * np.fft.rfft(excerpt, BLOCK_SAMPLES).conj(), BLOCK_SAMPLES)
    energy = sliding_energy(samples, len(excerpt))
    scale = np.sqrt(np.maximum(energy, SILENCE_ENERGY) * np.square(excerpt, dtype=np.float64).sum())
    return np.asarray(products[:, :HOP_SAMPLES].reshape(-1)[: len(energy)] / scale)


def find_reused(held_out: Sequence[StudioPrompt], training: Sequence[StudioPrompt]) -> list[Reuse]:
    """List the held-out prompts of one voice whose recording is in that voice's training prompts."""
    gap = np.zeros(EXCERPT_SAMPLES, np.float32)
    samples = np.concatenate([piece for prompt in training for piece in (prompt.samples, gap)])
    ends = np.cumsum([len(prompt.samples) + EXCERPT_SAMPLES for prompt in training])
    spectra, reused = block_spectra(samples), []
    for prompt in held_out:
        by_offset = correlations(loudest_excerpt(prompt.samples), samples, spectra)
        offset = int(np.argmax(by_offset))
        if by_offset[offset] >= SAME_RECORDING:
            owner = training[int(np.searchsorted(ends, offset, side="right"))]
            reused.append(Reuse(prompt.name, owner.name, float(by_offset[offset])))
    return reused
