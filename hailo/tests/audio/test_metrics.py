from __future__ import annotations

import itertools

import numpy as np
import pytest

from tasnet2hef.audio import metrics


def si_sdr_by_hand(reference: np.ndarray, estimate: np.ndarray) -> float:
    reference, estimate = reference - reference.mean(), estimate - estimate.mean()
    target = estimate @ reference / (reference @ reference) * reference
    error = estimate - target
    return float(10 * np.log10(target @ target / (error @ error)))


@pytest.fixture
def voices() -> np.ndarray:
    return (0.1 + 0.2 * np.random.default_rng(0).standard_normal((3, 8000))).astype(np.float32)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_scores_equal_the_formula_and_find_the_order(voices, order):
    leaky = (5000 * (voices + 0.1 * np.roll(voices, 1, axis=0) + 0.3)).astype(np.float32)
    mixture = voices.sum(axis=0)
    scores = metrics.score_sources(voices, leaky[list(order)], mixture)
    by_hand = [si_sdr_by_hand(*pair) for pair in zip(voices.astype(float), leaky.astype(float), strict=True)]
    before = [si_sdr_by_hand(voice, mixture.astype(float)) for voice in voices.astype(float)]
    assert scores.si_sdr_db == pytest.approx(by_hand, abs=1e-4)
    assert scores.si_sdr_improvement_db == pytest.approx(np.subtract(by_hand, before), abs=1e-4)
    assert scores.source_numbers == tuple(order.index(number) + 1 for number in range(3))


def test_perfect_and_silent_sources_stay_finite(voices):
    perfect = metrics.score_sources(voices, voices, voices.sum(axis=0))
    assert perfect.si_sdr_db == pytest.approx([100] * 3)
    silent = metrics.score_sources(voices, np.zeros_like(voices), voices.sum(axis=0))
    assert silent.si_sdr_db == pytest.approx([-100] * 3)


def test_the_numbers_are_those_of_the_library(voices):
    library = pytest.importorskip("fast_bss_eval.numpy", reason="fast_bss_eval is not installed")
    sources = (voices[[1, 2, 0]] + 0.2 * np.roll(voices, 7, axis=1)).astype(np.float32)
    expected, order = library.si_sdr(
        voices.astype(float), sources.astype(float), zero_mean=True, clamp_db=metrics.LARGEST_DB, return_perm=True
    )
    scores = metrics.score_sources(voices, sources, voices.sum(axis=0))
    assert scores.si_sdr_db == pytest.approx(expected, abs=1e-9)
    assert scores.source_numbers == tuple(order + 1)


@pytest.mark.parametrize("cuts", [(1,), (10, 4000, 4001), tuple(range(0, 8000, 63))])
def test_scores_do_not_depend_on_the_blocks(voices, cuts):
    sources = (voices + 0.2 * np.roll(voices, 7, axis=1)).astype(np.float32)
    mixture = voices.sum(axis=0)
    sums = metrics.ScoreSums(3)
    for start, end in itertools.pairwise((0, *cuts, 8000)):
        sums.add(voices[:, start:end], sources[:, start:end], mixture[start:end])
    whole = metrics.score_sources(voices, sources, mixture)
    assert sums.scores().si_sdr_db == pytest.approx(whole.si_sdr_db, abs=1e-9)
    assert sums.scores().source_numbers == whole.source_numbers
