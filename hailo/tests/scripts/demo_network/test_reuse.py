"""A recording that is in training under another name is found; another take of the same voice is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scripts.demo_network.reuse import block_spectra, correlations, find_reused
from scripts.demo_network.voices import StudioPrompt


def noise(samples: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def make_prompt(name: str, samples: np.ndarray[Any, np.dtype[np.float32]]) -> StudioPrompt:
    return StudioPrompt("somebody", name, samples, f"sha of {name}", "training")


@pytest.mark.parametrize("place", [0, 1234, 29_000, 40_000, 66_800])
def test_correlation_equals_numpys_at_every_block(place: int) -> None:
    samples = noise(70_000, seed=1)
    excerpt = samples[place : place + 3200] * 3
    by_offset = correlations(excerpt, samples, block_spectra(samples))
    plain = np.correlate(samples[place : place + 3300], excerpt, mode="valid")
    lengths = [np.linalg.norm(samples[at : at + 3200]) for at in range(place, place + len(plain))]
    expected = plain / (np.linalg.norm(excerpt) * np.array(lengths))
    assert by_offset.argmax() == place
    np.testing.assert_allclose(by_offset[place : place + len(plain)], expected, atol=1e-5, rtol=0)


def test_finds_a_recording_under_another_name() -> None:
    training = [make_prompt(f"t{seed}", noise(9000, seed)) for seed in range(5)]
    cut = 0.5 * training[3].samples[2000:7000]
    held_out = [make_prompt("cut", cut), make_prompt("other", noise(9000, 99))]
    (reuse,) = find_reused(held_out, training)
    assert (reuse.held_out, reuse.training) == ("cut", "t3")
    assert reuse.correlation == pytest.approx(1, abs=1e-3)
