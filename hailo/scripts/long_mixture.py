"""Ten minutes of two speakers: in turns, both at once, and silence; counts windows with swapped sources."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import soundfile

from scripts.demo_network.recipe import ASSETS, PAIRS, VOICES
from scripts.demo_network.voices import SAMPLE_RATE_HZ, SOUNDS, prompts_by_voice
from tasnet2hef.audio.samples import Samples

SECONDS = 600
PATTERN = ((1, 1), (1, 0), (0, 1), (0, 0), (1, 1), (0, 1), (1, 0), (1, 1), (0, 0))
"""Who speaks in each section; the lengths are random."""
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 6.0
QUIETEST = 1e-4
"""Mean square below which a window is silent: 40 dB below full scale."""


@dataclass(frozen=True)
class LongMixture:
    """References ``[source, sample]`` at 8 kHz, and where they come from."""

    references: Samples
    origin: str

    @property
    def mixture(self) -> Samples:
        """The sum ``[sample]``."""
        return self.references.sum(axis=0)


def long_mixture(seconds: int = SECONDS, seed: int = 0) -> LongMixture:
    """Join speech of two held-out voices in sections: turns, both at once, and silence."""
    random = np.random.default_rng(seed)
    speech, origin = _speech(random, seconds)
    gate = np.zeros((2, seconds * SAMPLE_RATE_HZ), np.float32)
    at = number = 0
    while at < gate.shape[1]:
        length = int(random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS) * SAMPLE_RATE_HZ)
        gate[:, at : at + length] = np.array(PATTERN[number % len(PATTERN)], np.float32)[:, None]
        at, number = at + length, number + 1
    return LongMixture(speech * gate, origin)


def swapped_share(references: Samples, sources: Samples, window_samples: int) -> tuple[float, int]:
    """Return the share of windows in which the sources are swapped, and the number of windows with speech.

    Swapped: in another order than most windows. A window's order is the one in which the sources
    correlate best with the references.
    """
    orders = list(permutations(range(len(references))))
    votes = []
    for start in range(0, references.shape[1] - window_samples + 1, window_samples):
        window = slice(start, start + window_samples)
        truth, estimate = references[:, window], sources[:, window]
        if np.square(truth).mean() < QUIETEST:
            continue
        agreement = truth.astype(np.float64) @ estimate.astype(np.float64).T
        votes.append(int(np.argmax([sum(agreement[i, j] for i, j in enumerate(order)) for order in orders])))
    most = max(votes.count(order) for order in range(len(orders)))
    return 1 - most / len(votes), len(votes)


def _speech(random: np.random.Generator, seconds: int) -> tuple[Samples, str]:
    samples = seconds * SAMPLE_RATE_HZ
    if not SOUNDS.is_dir():
        clips = [soundfile.read(ASSETS / f"demo_source_{n}.wav", dtype="float32")[0] for n in (1, 2)]
        return np.stack([np.resize(clip, samples) for clip in clips]), "the demo's two sources, repeated"
    prompts = prompts_by_voice(VOICES, "test")
    rows = []
    for voice in PAIRS[0]:
        order = random.permutation(len(prompts[voice]))
        rows.append(np.resize(np.concatenate([prompts[voice][each].samples for each in order]), samples))
    return np.stack(rows), f"held-out prompts of {PAIRS[0][0]} and {PAIRS[0][1]}"
