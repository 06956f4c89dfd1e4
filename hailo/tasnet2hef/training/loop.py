"""The training loop: a function of its plan, resumable at any checkpoint to the same weights."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from tasnet2hef.errors import CheckpointError
from tasnet2hef.network.reference import ReferenceTasNet
from tasnet2hef.spec import TasNetSpec
from tasnet2hef.training.loss import separation_loss
from tasnet2hef.training.mixtures import Mixer
from tasnet2hef.training.saving import save_beside, serialize
from tasnet2hef.training.schedule import learning_rate_share, update_average

Report = Callable[[int, float, float | None], None]
"""Called after each step with the steps done, the loss in dB and, after a validation, its score in dB."""
Forward = Callable[[Tensor], Tensor]

MODEL_FILE = "best_model.pth"
STATE_FILE = "state.pt"


@dataclass(frozen=True)
class Plan:
    """Everything a run depends on, besides the audio."""

    spec: TasNetSpec
    steps: int
    batch: int = 8
    peak_rate: float = 1e-3
    clip_norm: float = 5.0
    validate_every: int = 500
    seed: int = 1
    device: str = "cpu"
    compiled: bool = False


@dataclass
class Run:
    """The state of a run: the net, its running average, the optimiser, the steps done, the best score in dB."""

    plan: Plan
    net: ReferenceTasNet = field(init=False)
    average: ReferenceTasNet = field(init=False)
    optimiser: torch.optim.Adam = field(init=False)
    step: int = 0
    best_db: float = float("-inf")

    def __post_init__(self) -> None:
        """Start from the seed."""
        torch.manual_seed(self.plan.seed)
        self.net = ReferenceTasNet(self.plan.spec).to(self.plan.device)
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.Adam(self.net.parameters(), self.plan.peak_rate)

    def save(self, folder: Path) -> None:
        """Write all that a later ``load`` needs to go on as if never stopped (batches depend on the step only)."""
        state = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimiser")}
        state |= {"spec": self.plan.spec.as_dict(), "step": self.step, "best_db": self.best_db}
        save_beside(state, folder / STATE_FILE)

    def load(self, folder: Path) -> None:
        """Take up the state that ``save`` wrote, if there is one; refuse the state of another network."""
        if not (folder / STATE_FILE).exists():
            return
        state = torch.load(folder / STATE_FILE, map_location=self.plan.device, weights_only=True)
        if state["spec"] != self.plan.spec.as_dict():
            raise CheckpointError(f"{folder}: found a run of {state['spec']}, expected {self.plan.spec.as_dict()}")
        for name in ("net", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.best_db = state["step"], state["best_db"]


def train(
    run: Run,
    mixer: Mixer,
    folder: Path,
    score_db: Callable[[ReferenceTasNet], float],
    report: Report = lambda *_: None,
    deadline_s: float = float("inf"),
) -> None:
    """Train to the plan's last step or the deadline (seconds from now); keep the best average by ``score_db``."""
    forward: Forward = torch.compile(run.net) if run.plan.compiled else run.net
    started = time.monotonic()
    while run.step < run.plan.steps and time.monotonic() - started < deadline_s:
        loss_db = train_step(run, forward, mixer)
        score = None
        if run.step % run.plan.validate_every == 0 or run.step == run.plan.steps:
            score = keep_best(run, folder, score_db)
            run.save(folder)
        report(run.step, loss_db, score)
    run.save(folder)


def train_step(run: Run, forward: Forward, mixer: Mixer) -> float:
    """Take one step and return its loss in dB."""
    plan = run.plan
    for group in run.optimiser.param_groups:
        group["lr"] = plan.peak_rate * learning_rate_share(run.step, plan.steps)
    sources = torch.from_numpy(mixer.batch(plan.seed, run.step, plan.batch)).to(plan.device)
    loss: Tensor = separation_loss(forward(sources.sum(1)), sources)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.net.parameters(), plan.clip_norm)
    run.optimiser.step()
    update_average(run.average, run.net, run.step)
    run.step += 1
    return float(loss.detach())


def keep_best(run: Run, folder: Path, score_db: Callable[[ReferenceTasNet], float]) -> float:
    """Score the averaged net in dB and save it where it is the best so far."""
    score = score_db(run.average)
    if score > run.best_db:
        run.best_db = score
        save_beside(serialize(run.average), folder / MODEL_FILE)
    return score
