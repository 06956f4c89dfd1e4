from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.quantize.histogram import Histogram, clipped_share, power, rounding_noise, useful_codes
from tasnet2hef.quantize.number_format import activation_format
from tasnet2hef.quantize.ranges import choose_format


def filled(*parts):
    histogram = Histogram()
    for part in parts:
        part = np.asarray(part, np.float32)
        histogram.note_extremes(float(part.min()), float(part.max()))
        histogram.count(part)
    return histogram


def test_percentiles_are_numpys():
    values = np.random.default_rng(0).normal(1.0, 2.0, 50_000)
    for percent in (0.1, 5, 50, 99, 99.9):
        assert filled(values).percentile(percent) == pytest.approx(np.percentile(values, percent), abs=0.02)


def test_it_grows_with_what_it_sees():
    parts = [np.random.default_rng(seed).normal(0, 3.0**seed, 5000) for seed in range(5)]
    grown, values = filled(*parts), np.concatenate(parts)
    assert grown.total == values.size
    assert grown.percentile(99.5) == pytest.approx(np.percentile(values, 99.5), rel=0.02)
    assert power(grown) == pytest.approx(np.mean(values**2), rel=0.01)


def test_zeros_cost_nothing():
    values = np.maximum(np.random.default_rng(0).normal(0, 1, 20_000), 0).astype(np.float32)
    chosen = activation_format(0, float(values.max()))
    expected = np.mean((chosen.rounded(values) - values) ** 2)
    assert rounding_noise(filled(values), chosen) == pytest.approx(expected, rel=0.05)
    assert filled(np.zeros(5)).total == 5
    assert rounding_noise(filled(np.zeros(5)), chosen) == 0


def test_clipped_share_and_useful_codes():
    values = np.linspace(-1, 1, 100_001)
    assert clipped_share(filled(values), activation_format(-0.5, 0.5)) == pytest.approx(0.5, abs=0.01)
    assert useful_codes(filled(values), activation_format(-1, 1)) == pytest.approx(256, rel=0.02)
    assert useful_codes(filled(values), activation_format(-1, 3)) == pytest.approx(128, rel=0.03)
    assert useful_codes(filled(np.zeros(9)), activation_format(-1, 1)) == 1


def test_ranges_trade_clipping_for_steps():
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 100_000), [-80.0, 90.0]])
    seen = filled(values)
    whole, cut, best = (choose_format(seen, 8, method, 99.99) for method in ("minmax", "percentile", "mse"))
    assert (whole.low, whole.high) == pytest.approx((-80, 90), rel=0.01)
    assert cut.high < 5
    assert rounding_noise(seen, best) <= min(rounding_noise(seen, whole), rounding_noise(seen, cut) * 1.5)
    assert choose_format(seen, 16, "percentile", 99.99).high == pytest.approx(90, rel=0.01)


def test_a_constant_or_unseen_tensor_has_a_format():
    assert choose_format(filled(np.full(9, 0.7)), 8, "percentile", 99.99).rounded([0.7])[0] == pytest.approx(0.7)
    assert choose_format(Histogram(), 8, "percentile", 99.99).rounded([0.0])[0] == 0
