"""The training loop: a function of its plan, resumable at any checkpoint to the same weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import CheckpointError, RefusedError
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import separation_loss
from tasnet2hef.train.processes import Processes, mean_over_processes, parallel
from tasnet2hef.train.saving import save_beside, serialize
from tasnet2hef.train.schedule import learning_rate_share, update_average

Report = Callable[[int, float, float | None], None]
"""Called after each step with the steps done, the loss in dB and, after a validation, its score in dB."""
Forward = Callable[[Tensor], tuple[Tensor, list[Tensor]]]
"""Mixtures ``[batch, sample]`` to sources ``[batch, source, sample]`` and the stream behind each block."""
Objective = Callable[[Forward, Tensor, int], Tensor]
"""Loss of a step, in dB: the network, sources ``[batch, source, sample]``, the number of the step."""

MODEL_FILE = "best_model.pth"
STATE_FILE = "state.pt"


class MixtureSource(Protocol):
    """Where training mixtures come from: a batch depends on seed and step only."""

    def batch(self, seed: int, step: int, size: int) -> Samples:
        """Return sources ``[batch, source, sample]``, whose sums are the mixtures."""


@dataclass(frozen=True)
class Plan:
    """Everything a run depends on, besides the network and the audio."""

    steps: int
    batch: int = 8
    peak_rate: float = 1e-3
    clip_norm: float = 5.0
    validate_every: int = 500
    patience: int | None = None
    """Validations without a better one after which the run ends; None: it goes on to its last step."""
    seed: int = 1
    device: str = "cpu"
    compiled: bool = False


class Separation(nn.Module):
    """A network as the loop runs it: compiled, or spread over processes."""

    def __init__(self, net: ReferenceTasNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, mixture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Separate; also return the streams behind the blocks."""
        return self.net.sources_and_streams(mixture)


@dataclass
class Run:
    """The state of a run: the net, its running average, the optimiser, the steps done, the best score in dB.

    ``identity`` is what a folder that is taken up must agree on, besides the architecture.
    """

    plan: Plan
    net: ReferenceTasNet
    identity: Mapping[str, object] = field(default_factory=dict)
    average: ReferenceTasNet = field(init=False)
    optimiser: torch.optim.Adam = field(init=False)
    step: int = 0
    best_db: float = -math.inf
    waited: int = 0
    """Validations since the best one."""

    def __post_init__(self) -> None:
        """Put the network on its device."""
        self.net = self.net.to(self.plan.device)
        self.average = copy.deepcopy(self.net).eval()
        trained = [weight for weight in self.net.parameters() if weight.requires_grad]
        self.optimiser = torch.optim.Adam(trained, self.plan.peak_rate)

    @property
    def is_over(self) -> bool:
        """Whether the last step is done, or the patience is at its end."""
        patience = self.plan.patience
        return self.step >= self.plan.steps or (patience is not None and self.waited >= patience)

    @property
    def described(self) -> dict[str, object]:
        """What the run is, in plain values."""
        plan = {name: value for name, value in asdict(self.plan).items() if name not in ("device", "compiled")}
        return {**self.net.spec.as_dict(), **plan, **self.identity}

    def save(self, folder: Path) -> None:
        """Write all that a later ``load`` needs to go on as if never stopped (batches depend on the step only)."""
        state = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimiser")}
        counts = {"step": self.step, "best_db": self.best_db, "waited": self.waited}
        save_beside({**state, **counts, "run": self.described}, folder / STATE_FILE)

    def load(self, folder: Path) -> None:
        """Take up the state that ``save`` wrote, if there is one.

        Raises:
            CheckpointError: the folder holds another run, or a state that can't be read.
        """
        path = folder / STATE_FILE
        if not path.exists():
            return
        state = read_state(path, self.plan.device)
        other = {name: value for name, value in self.described.items() if state["run"].get(name) != value}
        if other:
            found = ", ".join(f"{name}={state['run'].get(name)}" for name in other)
            expected = ", ".join(f"{name}={value}" for name, value in other.items())
            raise CheckpointError(
                f"{folder}: found the run of {found}, expected {expected}; choose another folder or these options"
            )
        for name in ("net", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.best_db, self.waited = state["step"], state["best_db"], state["waited"]


def read_state(path: Path, device: str) -> dict[str, Any]:
    """Read the state of a run; nothing in the file is executed."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        state["run"], state["waited"]
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CheckpointError(
            f"{path}: can't be taken up ({type(error).__name__}), expected the state of a training run; remove it"
        ) from error
    return dict(state)


def separation_objective(forward: Forward, sources: Tensor, step: int) -> Tensor:
    """Return the loss of permutation-invariant training: the negative SI-SDR in dB."""
    return separation_loss(forward(sources.sum(1))[0], sources)


def train(
    run: Run,
    mixtures: MixtureSource,
    folder: Path,
    score_db: Callable[[ReferenceTasNet], float],
    report: Report = lambda *_: None,
    deadline_s: float = math.inf,
    objective: Objective = separation_objective,
) -> None:
    """Train to the plan's last step or the deadline (seconds from now); keep the best average by ``score_db``.

    Under ``torchrun`` every process takes its own part of a batch of ``batch`` mixtures a process, and the first
    one saves.

    Raises:
        RefusedError: the loss is not a number; the last good state stays.
    """
    with parallel() as processes:
        forward = processes.spread(Separation(run.net), run.plan.device)
        forward = torch.compile(forward) if run.plan.compiled else forward
        started = time.monotonic()
        while not run.is_over and processes.agree(time.monotonic() - started < deadline_s):
            loss_db = train_step(run, forward, mixtures, objective, processes)
            score = None
            if run.step % run.plan.validate_every == 0 or run.step == run.plan.steps:
                score = keep_best(run, folder, score_db, processes)
            report(run.step, loss_db, score)
        if processes.is_first:
            run.save(folder)


def train_step(
    run: Run, forward: Forward, mixtures: MixtureSource, objective: Objective, processes: Processes
) -> float:
    """Take one step and return its loss in dB."""
    plan = run.plan
    for group in run.optimiser.param_groups:
        group["lr"] = plan.peak_rate * learning_rate_share(run.step, plan.steps)
    place = run.step * processes.count + processes.rank
    sources = torch.from_numpy(mixtures.batch(plan.seed, place, plan.batch)).to(plan.device)
    torch.manual_seed(
        plan.seed * 1_000_003 + place
    )  # noise depends on the step only, so a resumed run is the same
    with torch.autocast(torch.device(plan.device).type, torch.bfloat16, enabled=plan.device.startswith("cuda")):
        loss = objective(forward, sources, run.step)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(run.net.parameters(), plan.clip_norm)
    loss_db = mean_over_processes(loss.detach())
    if not (math.isfinite(loss_db) and math.isfinite(float(norm))):
        raise RefusedError(
            f"step {run.step + 1}: found a loss of {loss_db} dB and a gradient of norm {float(norm)}, expected "
            f"finite ones; the last good state is kept; lower the rate ({plan.peak_rate})"
        )
    run.optimiser.step()
    update_average(run.average, run.net, run.step)
    run.step += 1
    return loss_db


def keep_best(run: Run, folder: Path, score_db: Callable[[ReferenceTasNet], float], processes: Processes) -> float:
    """Score the averaged net in dB, save it where it is the best so far, and save the state to go on from."""
    score = score_db(run.average)
    is_better = score > run.best_db
    run.best_db, run.waited = max(score, run.best_db), 0 if is_better else run.waited + 1
    if processes.is_first:
        if is_better:
            save_beside(serialize(run.average), folder / MODEL_FILE)
        run.save(folder)
    return score
