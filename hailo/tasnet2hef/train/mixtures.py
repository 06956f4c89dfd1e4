"""Mixes recordings of voices on the fly; a mixture is a function of a seed and a number, so it is repeatable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import soxr

from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.audio.samples import Samples

Weights = np.ndarray[Any, np.dtype[np.float64]]

SAMPLE_RATE_HZ: Final = 8000
RELATIVE_DB: Final = 2.5
"""Largest difference of level between two voices."""
QUIETEST_SEGMENT_DBFS: Final = -40.0
LONGEST_GAP_SAMPLES: Final = 800
TRIES: Final = 100
FASTEST: Final = 1.06


@dataclass(frozen=True)
class Prompt:
    """A recording: its speaker, its name, its samples ``[sample]``."""

    voice: str
    name: str
    samples: Samples


@dataclass(frozen=True)
class Mixture:
    """Sources ``[source, sample]``, the speaker of each, and the names of the prompts in each."""

    sources: Samples
    pair: tuple[str, ...]
    prompts: tuple[tuple[str, ...], ...]

    @property
    def mixture(self) -> Samples:
        """The sum of the sources ``[sample]``."""
        total: Samples = self.sources.sum(axis=0)
        return total


@dataclass(frozen=True)
class Mixer:
    """Draws mixtures of ``samples`` samples from the prompts of each voice; a mixture has two voices or more.

    ``speed`` changes each voice's speed and pitch at random by up to 6 %: for training only.
    """

    prompts: Mapping[str, Sequence[Prompt]]
    pairs: Sequence[tuple[str, ...]]
    samples: int
    speed: bool = False
    sample_rate_hz: int = SAMPLE_RATE_HZ

    @cached_property
    def weights(self) -> dict[str, Weights]:
        """Probability of each prompt, by voice: its share of the voice's samples, so all seconds are equal."""
        lengths = {name: np.array([len(p.samples) for p in group], float) for name, group in self.prompts.items()}
        return {name: count / count.sum() for name, count in lengths.items()}

    def draw(self, seed: int, number: int) -> Mixture:
        """Return mixture ``number`` of the series ``seed``; its pair is ``pairs[number % len(pairs)]``."""
        random = np.random.default_rng((seed, number))
        pair = self.pairs[number % len(self.pairs)]
        segments, prompts = zip(*(self._segment(voice, random) for voice in pair), strict=True)
        half_gain = 10 ** (random.uniform(-RELATIVE_DB, RELATIVE_DB) / 40)
        rest = [segment * 10 ** (random.uniform(-RELATIVE_DB, RELATIVE_DB) / 40) for segment in segments[2:]]
        sources = np.stack([segments[0] * half_gain, segments[1] / half_gain, *rest]).astype(np.float32)
        return Mixture(sources, pair, prompts)

    def batch(self, seed: int, step: int, size: int) -> Samples:
        """Return ``size`` mixtures' sources ``[batch, source, sample]``, those of training step ``step``."""
        return np.stack([self.draw(seed, step * size + place).sources for place in range(size)])

    def _segment(self, voice: str, random: np.random.Generator) -> tuple[Samples, tuple[str, ...]]:
        """Cut one source ``[sample]`` out of joined prompts; also return the names of the prompts in it."""
        speed = random.uniform(1 / FASTEST, FASTEST) if self.speed else 1.0
        needed = int(np.ceil(self.samples * speed)) + 8
        for _ in range(TRIES):  # for a voice of almost only pauses, the last try is returned
            joined, ends = self._join(voice, needed, random)
            start = int(random.integers(0, len(joined) - needed + 1))
            segment = joined[start : start + needed]
            if rms_dbfs(segment) > QUIETEST_SEGMENT_DBFS:
                break
        if self.speed:
            segment = soxr.resample(segment, self.sample_rate_hz * speed, self.sample_rate_hz, quality="MQ")
        included = [
            prompt.name for prompt, end in ends if end > start and end - len(prompt.samples) < start + needed
        ]
        return segment[: self.samples], tuple(included)

    def _join(
        self, voice: str, needed: int, random: np.random.Generator
    ) -> tuple[Samples, list[tuple[Prompt, int]]]:
        """Join prompts, with gaps up to 0.1 s, to ``needed`` samples or more; return each prompt's end too."""
        pieces: list[Samples] = []
        ends: list[tuple[Prompt, int]] = []
        filled = 0
        while filled < needed:
            prompt = self.prompts[voice][int(random.choice(len(self.weights[voice]), p=self.weights[voice]))]
            gap = np.zeros(int(random.integers(0, LONGEST_GAP_SAMPLES + 1)), np.float32)
            pieces += [prompt.samples, gap]
            ends.append((prompt, filled + len(prompt.samples)))
            filled += len(prompt.samples) + len(gap)
        return np.concatenate(pieces), ends
