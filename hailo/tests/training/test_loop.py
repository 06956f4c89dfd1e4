"""Training lowers the loss, and a run cut in two gives the weights of a run in one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tasnet2hef.errors import CheckpointError
from tasnet2hef.spec import TasNetSpec
from tasnet2hef.training.evaluate import markdown_table, mean_improvement_db, measure
from tasnet2hef.training.loop import MODEL_FILE, Plan, Run, train
from tasnet2hef.training.mixtures import Mixer
from tasnet2hef.training.saving import load_network
from tasnet2hef.training.schedule import learning_rate_share

MakeMixer = Callable[..., Mixer]


def constant_score(net: object) -> float:
    return 0.0


def test_resumed_run_equals_an_uninterrupted_one(
    tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path
) -> None:
    plan = Plan(tiny_spec, steps=8, batch=2, validate_every=3)
    whole = Run(plan)
    train(whole, make_mixer(), tmp_path / "whole", constant_score)

    cut = Run(plan)
    stop_after(cut, 5, make_mixer(), tmp_path / "cut")
    torch.manual_seed(99)
    resumed = Run(dataclasses.replace(plan, seed=plan.seed))
    resumed.load(tmp_path / "cut")
    assert resumed.step == 3
    train(resumed, make_mixer(), tmp_path / "cut", constant_score)

    for part in ("net", "average"):
        weights, again = getattr(whole, part).state_dict(), getattr(resumed, part).state_dict()
        assert all(torch.equal(weights[name], again[name]) for name in weights)


class CutError(Exception):
    """Stands for a power cut."""


def stop_after(run: Run, steps: int, mixer: Mixer, folder: Path) -> None:
    def report(step: int, loss_db: float, score: float | None) -> None:
        if step == steps:
            raise CutError

    with pytest.raises(CutError):
        train(run, mixer, folder, constant_score, report)


def test_learns_to_separate_two_tones(tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path) -> None:
    held_out = [make_mixer(3200).draw(9, number) for number in range(4)]
    run = Run(Plan(tiny_spec, steps=60, batch=4, peak_rate=1e-2, validate_every=30))
    train(run, make_mixer(), tmp_path, lambda net: mean_improvement_db(net, held_out))
    rows = measure(load_network(tmp_path / MODEL_FILE), held_out)
    assert rows[-1].improvement_db == pytest.approx(run.best_db, abs=1e-4)
    assert rows[-1].improvement_db > 5, markdown_table(rows)
    assert [row.pair for row in rows] == ["low + high", "all"]


def test_deadline_leaves_a_state_to_go_on_from(
    tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path
) -> None:
    train(Run(Plan(tiny_spec, steps=5)), make_mixer(), tmp_path, constant_score, deadline_s=0)
    resumed = Run(Plan(tiny_spec, steps=5))
    resumed.load(tmp_path)
    assert resumed.step == 0


def test_refuses_the_state_of_another_network(tiny_spec: TasNetSpec, tmp_path: Path) -> None:
    Run(Plan(tiny_spec, steps=1)).save(tmp_path)
    other = dataclasses.replace(tiny_spec, n_blocks=1)
    with pytest.raises(CheckpointError, match=r"'n_blocks': 2.*expected.*'n_blocks': 1"):
        Run(Plan(other, steps=1)).load(tmp_path)


def test_learning_rate_rises_holds_and_falls() -> None:
    shares = [learning_rate_share(step, 1000) for step in range(1000)]
    assert shares[0] == pytest.approx(1 / 200)
    assert set(shares[199:600]) == {1.0}
    assert shares[600:] == sorted(shares[600:], reverse=True)
    assert shares[-1] == pytest.approx(0.01, abs=1e-3)
