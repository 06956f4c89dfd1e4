"""SI-SDR against a plain formula, hand values and its invariances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tasnet2hef.train.loss import best_order_si_sdr_db, separation_loss, si_sdr_db


def plain_si_sdr_db(estimate: np.ndarray[Any, Any], source: np.ndarray[Any, Any]) -> float:
    estimate, source = estimate - estimate.mean(), source - source.mean()
    target = estimate @ source / (source @ source) * source
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))


@pytest.mark.parametrize("noise_level", [0.01, 0.3, 2.0])
def test_equals_the_plain_formula(noise_level: float) -> None:
    random = np.random.default_rng(7)
    source = random.standard_normal(500)
    estimate = 0.3 * source + noise_level * random.standard_normal(500) + 0.1
    measured = float(si_sdr_db(torch.tensor(estimate), torch.tensor(source)))
    assert measured == pytest.approx(plain_si_sdr_db(estimate, source), abs=1e-4)


@pytest.mark.parametrize(("noise", "expected_db"), [(1.0, 0.0), (0.1, 20.0), (10.0, -20.0)])
def test_hand_values(noise: float, expected_db: float) -> None:
    source = torch.tensor([1.0, -1.0, 1.0, -1.0])
    estimate = source + noise * torch.tensor([1.0, 1.0, -1.0, -1.0])
    assert float(si_sdr_db(estimate, source)) == pytest.approx(expected_db, abs=1e-4)


def test_ignores_gain_and_offset() -> None:
    torch.manual_seed(0)
    source, noise = torch.randn(2, 400).double()
    estimate = source + 0.2 * noise
    first, second = si_sdr_db(estimate, source), si_sdr_db(5 * estimate + 3, 0.5 * source - 1)
    assert float(first - second) == pytest.approx(0, abs=1e-4)


def test_loss_does_not_depend_on_the_order_of_estimates() -> None:
    torch.manual_seed(0)
    sources = torch.randn(3, 2, 400)
    estimates = sources + 0.5 * torch.randn(3, 2, 400)
    swapped = estimates.flip(1)
    assert float(separation_loss(estimates, sources)) == float(separation_loss(swapped, sources))
    assert float(separation_loss(estimates, sources)) == pytest.approx(-6.0, abs=0.5)


def test_scores_stay_in_the_order_of_the_sources() -> None:
    torch.manual_seed(0)
    sources, noise = torch.randn(1, 3, 400), torch.randn(1, 3, 400)
    levels = torch.tensor([0.01, 0.1, 1.0])[None, :, None]
    scores = best_order_si_sdr_db((sources + levels * noise)[:, [2, 0, 1]], sources)
    assert scores[0].tolist() == pytest.approx([40, 20, 0], abs=1.5)


def test_silence_is_finite() -> None:
    silence = torch.zeros(1, 2, 100, requires_grad=True)
    loss = separation_loss(silence, torch.zeros(1, 2, 100))
    loss.backward()
    assert silence.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(silence.grad).all()
