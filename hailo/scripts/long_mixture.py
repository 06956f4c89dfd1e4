"""Ten minutes of two people who take turns, talk at once and fall silent; how often their voices are swapped."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from scripts.demo_network.recipe import PAIRS, VOICES
from scripts.demo_network.voices import SAMPLE_RATE_HZ, SOUNDS, prompts_by_voice

Signal = npt.NDArray[np.float32]
ASSETS = Path(__file__).parents[1] / "assets"
SECONDS = 600
PATTERN = ((1, 1), (1, 0), (0, 1), (0, 0), (1, 1), (0, 1), (1, 0), (1, 1), (0, 0))
"""Who speaks in each stretch; its lengths are drawn."""
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 6.0
QUIETEST = 1e-4
"""Mean square of a stretch in which nobody speaks: 40 dB below full scale."""


@dataclass(frozen=True)
class LongMixture:
    """References ``[source, sample]`` at 8 kHz, and what they are made of."""

    references: Signal
    origin: str

    @property
    def mixture(self) -> Signal:
        """The sum ``[sample]``."""
        return self.references.sum(axis=0)


def long_mixture(seconds: int = SECONDS, seed: int = 0) -> LongMixture:
    """Join speech of two held-out voices to stretches of turns, both at once, and silence."""
    random = np.random.default_rng(seed)
    speech, origin = _speech(random, seconds)
    gate = np.zeros((2, seconds * SAMPLE_RATE_HZ), np.float32)
    at = number = 0
    while at < gate.shape[1]:
        stretch = int(random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS) * SAMPLE_RATE_HZ)
        gate[:, at : at + stretch] = np.array(PATTERN[number % len(PATTERN)], np.float32)[:, None]
        at, number = at + stretch, number + 1
    return LongMixture(speech * gate, origin)


def swapped_share(references: Signal, sources: Signal, window_samples: int) -> tuple[float, int]:
    """Return the share of windows in which the sources are swapped, and the windows in which somebody speaks.

    Swapped means: against the order that fits most windows. A window's order is the one in which the sources
    correlate best with the references.
    """
    orders = list(permutations(range(len(references))))
    votes = []
    for start in range(0, references.shape[1] - window_samples + 1, window_samples):
        truth, found = references[:, start : start + window_samples], sources[:, start : start + window_samples]
        if np.square(truth).mean() < QUIETEST:
            continue
        agreement = truth.astype(np.float64) @ found.astype(np.float64).T
        votes.append(int(np.argmax([sum(agreement[i, j] for i, j in enumerate(order)) for order in orders])))
    most = max(votes.count(order) for order in range(len(orders)))
    return 1 - most / len(votes), len(votes)


def _speech(random: np.random.Generator, seconds: int) -> tuple[Signal, str]:
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
