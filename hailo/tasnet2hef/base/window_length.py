"""The window: how many frames a graph of fixed shape computes, and how the chip averages over them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec

MEAN_LIMIT: Final = 128
"""Most values the chip averages in one step: a mean of n shifts by log2(n) bits; 10 bits fail (recorded)."""


@lru_cache(maxsize=4096)
def _split(frames: int, steps: int) -> tuple[int, ...] | None:
    """Return ``steps`` factors of ``frames``, each at most MEAN_LIMIT, as equal as possible, or None."""
    if steps == 1:
        return (frames,) if frames <= MEAN_LIMIT else None
    balanced = min(MEAN_LIMIT, round(frames ** (1 / steps)))
    candidates = sorted(range(2, MEAN_LIMIT + 1), key=lambda factor: abs(factor - balanced))
    for factor in candidates:
        rest = _split(frames // factor, steps - 1) if frames % factor == 0 else None
        if rest is not None:
            return tuple(sorted((factor, *rest)))
    return None


def _fewest_steps(frames: int) -> int:
    """Return the smallest number of means in sequence that can cover ``frames`` frames."""
    steps = 1
    while MEAN_LIMIT**steps < frames:
        steps += 1
    return steps


def mean_factors(frames: int) -> tuple[int, ...]:
    """Split a mean over ``frames`` frames into steps of at most 128 frames; their product is ``frames``.

    Raises:
        OptionError: ``frames`` is no product of the fewest factors possible.

    >>> mean_factors(2000)
    (40, 50)
    >>> mean_factors(100)
    (100,)
    """
    factors = _split(frames, _fewest_steps(frames))
    if factors is None:
        raise OptionError(
            f"window: {frames} frames are no product of {_fewest_steps(frames)} factors up to {MEAN_LIMIT}; "
            f"the next window that can be split has {next_factored(frames)} frames"
        )
    return factors


def next_factored(frames: int) -> int:
    """Return the smallest number of frames, at least ``frames``, that :func:`mean_factors` can split.

    >>> next_factored(1999)
    2000
    """
    while _split(frames, _fewest_steps(frames)) is None:
        frames += 1
    return frames


def window_frames(spec: TasNetSpec, seconds: float, *, factored: bool) -> int:
    """Return the frames of the shortest window that holds ``seconds`` of audio.

    ``factored``: round up to a number that the chip can average over exactly (norms over the window need it).

    Raises:
        OptionError: the length is not a positive number, or longer than an hour.

    >>> window_frames(TasNetSpec(n_src=2), 2.0, factored=False)
    1999
    """
    if not math.isfinite(seconds) or not 0 < seconds <= 3600:
        raise OptionError(f"seconds: found {seconds}, expected more than 0 and at most 3600")
    samples = max(1, round(seconds * spec.values_per_second))
    frames = 1 + max(0, math.ceil((samples + 2 * spec.encoder_padding - spec.kernel_size) / spec.stride))
    frames = next_factored(frames) if factored else frames
    while spec.window_samples(frames) < samples:  # shorter by its padding, or no clip makes so many frames
        frames = next_factored(frames + 1) if factored else frames + 1
    return frames
