"""Training lowers the loss, and a run cut in two gives the weights of a run in one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from scripts.demo_network.evaluate import markdown_table, mean_improvement_db, measure
from tasnet2hef.base.errors import CheckpointError, RefusedError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loop import MODEL_FILE, STATE_FILE, Forward, Plan, Run, separation_objective, train
from tasnet2hef.train.mixtures import Mixer
from tasnet2hef.train.saving import load_network
from tasnet2hef.train.schedule import learning_rate_share

MakeMixer = Callable[..., Mixer]


def constant_score(net: object) -> float:
    return 0.0


def start(plan: Plan, spec: TasNetSpec) -> Run:
    torch.manual_seed(plan.seed)
    return Run(plan, ReferenceTasNet(spec))


@pytest.mark.slow
def test_resumed_run_equals_an_uninterrupted_one(
    tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path
) -> None:
    plan = Plan(steps=8, batch=2, validate_every=3)
    whole = start(plan, tiny_spec)
    train(whole, make_mixer(), tmp_path / "whole", constant_score)

    cut = start(plan, tiny_spec)
    stop_after(cut, 5, make_mixer(), tmp_path / "cut")
    torch.manual_seed(99)
    resumed = Run(plan, ReferenceTasNet(tiny_spec))
    resumed.load(tmp_path / "cut")
    assert resumed.step == 3
    train(resumed, make_mixer(), tmp_path / "cut", constant_score)

    for part in ("net", "average"):
        weights, again = getattr(whole, part).state_dict(), getattr(resumed, part).state_dict()
        assert all(torch.equal(weights[name], again[name]) for name in weights)


class CutError(Exception):
    """Stands for a power cut."""


def stop_after(run: Run, steps: int, mixer: Mixer, folder: Path) -> None:
    def progress(step: int, loss_db: float, score: float | None) -> None:
        if step == steps:
            raise CutError

    with pytest.raises(CutError):
        train(run, mixer, folder, constant_score, progress)


@pytest.mark.slow
def test_learns_to_separate_two_tones(tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path) -> None:
    held_out = [make_mixer(3200).draw(9, number) for number in range(4)]
    run = start(Plan(steps=60, batch=4, peak_rate=1e-2, validate_every=30), tiny_spec)
    train(run, make_mixer(), tmp_path, lambda net: mean_improvement_db(net, held_out))
    rows = measure(load_network(tmp_path / MODEL_FILE), held_out)
    assert rows[-1].improvement_db == pytest.approx(run.best_db, abs=1e-4)
    assert rows[-1].improvement_db > 5, markdown_table(rows)
    assert [row.pair for row in rows] == ["low + high", "all"]


@pytest.mark.slow
def test_deadline_leaves_a_state_to_resume_from(
    tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path
) -> None:
    train(start(Plan(steps=5), tiny_spec), make_mixer(), tmp_path, constant_score, deadline_s=0)
    resumed = start(Plan(steps=5), tiny_spec)
    resumed.load(tmp_path)
    assert resumed.step == 0


def test_refuses_the_state_of_another_network(tiny_spec: TasNetSpec, tmp_path: Path) -> None:
    start(Plan(steps=1), tiny_spec).save(tmp_path)
    other = dataclasses.replace(tiny_spec, n_blocks=1)
    with pytest.raises(CheckpointError, match=r"found a run with n_blocks=2, expected n_blocks=1"):
        start(Plan(steps=1), other).load(tmp_path)


def test_refuses_a_state_that_is_damaged(tiny_spec: TasNetSpec, tmp_path: Path) -> None:
    start(Plan(steps=1), tiny_spec).save(tmp_path)
    state = tmp_path / STATE_FILE
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"state\.pt: can't be resumed .* remove it"):
        start(Plan(steps=1), tiny_spec).load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("step", -1), ("step", "9"), ("best_db", None), ("waited", 0.5), ("run", 3), ("net", {}), ("optimiser", [])],
)
def test_refuses_a_state_with_a_wrong_value(
    tiny_spec: TasNetSpec, tmp_path: Path, name: str, value: object
) -> None:
    start(Plan(steps=1), tiny_spec).save(tmp_path)
    state = torch.load(tmp_path / STATE_FILE, weights_only=True)
    torch.save({**state, name: value}, tmp_path / STATE_FILE)
    with pytest.raises(CheckpointError, match=r"state\.pt: can't be resumed .* remove it"):
        start(Plan(steps=1), tiny_spec).load(tmp_path)


def test_stops_when_it_gets_no_better(tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path) -> None:
    run = start(Plan(steps=50, batch=1, validate_every=2, patience=3), tiny_spec)
    train(run, make_mixer(), tmp_path, constant_score)
    assert run.step == 8, "the first validation is the best, three more are not better"


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_state(
    tiny_spec: TasNetSpec, make_mixer: MakeMixer, tmp_path: Path
) -> None:
    def spoilt(forward: Forward, sources: Tensor, step: int) -> Tensor:
        loss = separation_objective(forward, sources, step)
        return loss * float("nan") if step == 4 else loss

    run = start(Plan(steps=9, batch=1, validate_every=3), tiny_spec)
    with pytest.raises(RefusedError, match=r"step 5: found a loss of nan dB .* last good state is kept"):
        train(run, make_mixer(), tmp_path, constant_score, objective=spoilt)
    resumed = start(Plan(steps=9, batch=1, validate_every=3), tiny_spec)
    resumed.load(tmp_path)
    assert resumed.step == 3
    assert all(bool(weight.isfinite().all()) for weight in resumed.net.state_dict().values())


def test_learning_rate_rises_stays_and_falls() -> None:
    shares = [learning_rate_share(step, 1000) for step in range(1000)]
    assert shares[0] == pytest.approx(1 / 200)
    assert set(shares[199:600]) == {1.0}
    assert shares[600:] == sorted(shares[600:], reverse=True)
    assert shares[-1] == pytest.approx(0.01, abs=1e-3)
