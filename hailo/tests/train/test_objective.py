"""The objective is best at the teacher itself, and noise is as wide as one step of its bits."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch

from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import si_sdr_db
from tasnet2hef.train.noise import add_noise, rounding_noise
from tasnet2hef.train.objective import AGREEMENT_LIMIT_DB, DistillationObjective, feature_error, waveform_error

MakeTeacher = Callable[..., ReferenceTasNet]


def sources_of(mixtures: torch.Tensor) -> torch.Tensor:
    return torch.stack([mixtures[:2] * 0.4, mixtures[2:4] * 0.6], dim=1)


def test_the_teacher_itself_is_perfect(make_teacher: MakeTeacher, mixtures: torch.Tensor) -> None:
    teacher = make_teacher()
    loss = DistillationObjective(teacher, steps=10)(teacher.sources_and_streams, sources_of(mixtures), 0)
    assert float(loss.detach()) == pytest.approx(-AGREEMENT_LIMIT_DB)


@pytest.mark.parametrize("truth", [0.0, 0.5])
@pytest.mark.parametrize("step", [0, 9])
def test_any_other_net_is_worse(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, truth: float, step: int
) -> None:
    teacher = make_teacher()
    other = copy.deepcopy(teacher)
    with torch.no_grad():
        other.masker.blocks[0].res_conv.weight.mul_(1.3)
    objective, sources = DistillationObjective(teacher, 10, truth), sources_of(mixtures)
    own, others = (objective(net.sources_and_streams, sources, step).detach() for net in (teacher, other))
    assert float(others) > float(own)


def test_loudness_counts_although_si_sdr_does_not_see_it(
    make_teacher: MakeTeacher, mixtures: torch.Tensor
) -> None:
    teacher = make_teacher()
    louder = copy.deepcopy(teacher)
    with torch.no_grad():
        louder.decoder.filters.mul_(2)
        assert float(waveform_error(louder(mixtures), teacher(mixtures))) == pytest.approx(1.0, rel=1e-4)
        loss = DistillationObjective(teacher, 10)(louder.sources_and_streams, sources_of(mixtures), 9)
    assert float(loss) == pytest.approx(10 - AGREEMENT_LIMIT_DB, abs=0.01)


def test_feature_error_is_relative() -> None:
    streams = [torch.ones(1, 2, 3), 100 * torch.ones(1, 2, 3)]
    doubled = [2 * stream for stream in streams]
    assert float(feature_error(doubled, streams)) == pytest.approx(1.0)


@pytest.mark.parametrize("bits", [4, 8])
def test_noise_is_uniform_over_one_step(bits: int) -> None:
    values = torch.linspace(-1, 3, 200_000)
    noise = rounding_noise(values, bits)
    step = 4 / (2**bits - 1)
    assert float(noise.abs().max()) <= step / 2
    assert float(noise.std()) == pytest.approx(step / 12**0.5, rel=0.02)


def test_only_the_net_that_trains_is_noisy(make_teacher: MakeTeacher, mixtures: torch.Tensor) -> None:
    net = make_teacher()
    clean = copy.deepcopy(net)
    add_noise(net, bits=8)
    with torch.no_grad():
        expected = clean(mixtures)
        assert torch.equal(clean(mixtures), expected)
        agreement = si_sdr_db(net(mixtures), expected).mean()
    assert 5 < float(agreement) < 60
