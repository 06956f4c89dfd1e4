from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.runtime.stream.source_order import align_order


@given(order=st.integers(1, 5).flatmap(lambda count: st.permutations(range(count))), seed=st.integers(0, 99))
def test_any_order_of_up_to_five_noisy_sources_is_found(order, seed):
    random = np.random.default_rng(seed)
    sources = random.standard_normal((len(order), 2000)).astype(np.float32)
    swapped = sources[np.argsort(order)] + 0.3 * random.standard_normal(sources.shape).astype(np.float32)
    assert align_order(sources, swapped, tuple(range(len(order)))) == tuple(order)


@pytest.mark.parametrize("samples", [0, 1, 500])
@pytest.mark.parametrize("last_order", [(0, 1), (1, 0)])
def test_silence_and_emptiness_keep_the_last_order(samples, last_order):
    silence = np.zeros((2, samples), np.float32)
    assert align_order(silence, silence, last_order) == last_order


def test_one_active_source_is_enough():
    voice = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    assert align_order(np.stack([voice, 0 * voice]), np.stack([0 * voice, voice]), (0, 1)) == (1, 0)


def test_an_unclear_overlap_keeps_the_last_order():
    random = np.random.default_rng(0)
    voice = random.standard_normal(500)
    both = np.stack([voice, voice]) + 1e-3 * random.standard_normal((2, 500))
    assert align_order(both.astype(np.float32), both[::-1].astype(np.float32), (0, 1)) == (0, 1)
