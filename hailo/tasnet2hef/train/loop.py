"""The training loop: a run depends on its plan only, and one that is resumed ends with the same weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

import torch
from annotated_types import Ge
from torch import Tensor, nn

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import CheckpointError, RefusedError
from tasnet2hef.base.records import record_of
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import separation_loss
from tasnet2hef.train.processes import Processes, mean_over_processes, parallel
from tasnet2hef.train.saving import save_atomically, serialize
from tasnet2hef.train.schedule import learning_rate_share, update_average

TrainingProgress = Callable[[int, float, float | None], None]
"""Called after each step with the steps done, the loss in dB and, after a validation, its score in dB."""
Forward = Callable[[Tensor], tuple[Tensor, list[Tensor]]]
"""Mixtures ``[batch, sample]`` to sources ``[batch, source, sample]`` and the residual after each block."""
Objective = Callable[[Forward, Tensor, int], Tensor]
"""Loss of a step, in dB: the network, sources ``[batch, source, sample]``, the number of the step."""

MODEL_FILE = "best_model.pth"
STATE_FILE = "state.pt"


def no_training_progress(step: int, loss_db: float, score_db: float | None) -> None:
    """Ignore progress."""


class MixtureSource(Protocol):
    """A source of training mixtures: a batch depends on seed and step only."""

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
    """Validations without improvement after which the run ends; None: it continues to its last step."""
    seed: int = 1
    device: str = "cpu"
    compiled: bool = False


class Separation(nn.Module):
    """A network as a module whose ``forward`` can be compiled, or distributed over processes."""

    def __init__(self, net: ReferenceTasNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, mixture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Separate; also return the residual after each block."""
        return self.net.sources_and_streams(mixture)


@dataclass(frozen=True)
class _Counts:
    """The numbers in a state."""

    step: Annotated[int, Ge(0)]
    best_db: float
    waited: Annotated[int, Ge(0)]


@dataclass
class Run:
    """The state of a run: the net, its running average, the optimiser, the steps done, the best score in dB.

    ``identity`` holds what must be equal in a resumed run, besides plan and architecture.
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
        """Whether the last step is done, or the patience is exhausted."""
        patience = self.plan.patience
        return self.step >= self.plan.steps or (patience is not None and self.waited >= patience)

    @property
    def description(self) -> dict[str, object]:
        """What must be equal in a resumed run, in plain values: architecture, plan and identity."""
        plan = {name: value for name, value in asdict(self.plan).items() if name not in ("device", "compiled")}
        return {**self.net.spec.as_dict(), **plan, **self.identity}

    def save(self, folder: Path) -> None:
        """Write all that ``load`` needs to resume the run exactly (batches depend on the step only)."""
        state = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimiser")}
        counts = {"step": self.step, "best_db": self.best_db, "waited": self.waited}
        save_atomically({**state, **counts, "run": self.description}, folder / STATE_FILE)

    def load(self, folder: Path) -> None:
        """Resume from the state that ``save`` wrote, if there is one.

        Raises:
            CheckpointError: the folder holds another run, or a state that can't be read.
        """
        path = folder / STATE_FILE
        if not path.exists():
            return
        state = read_state(path, self.plan.device)
        saved = state["run"]
        different = {name: value for name, value in self.description.items() if saved.get(name) != value}
        if different:
            stored = ", ".join(f"{name}={saved.get(name)}" for name in different)
            expected = ", ".join(f"{name}={value}" for name, value in different.items())
            raise CheckpointError(
                f"{folder}: found a run with {stored}, expected {expected}; choose another folder or its options"
            )
        try:
            for name in ("net", "average", "optimiser"):
                getattr(self, name).load_state_dict(state[name])
        except Exception as error:  # as in ``read_state``: weights of another shape, or no weights at all
            raise _damaged(path, error) from error
        self.step, self.best_db, self.waited = state["step"], state["best_db"], state["waited"]


def read_state(path: Path, device: str) -> dict[str, Any]:
    """Read the state of a run; no code in the file is executed."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        counts = record_of(_Counts, {name: state[name] for name in ("step", "best_db", "waited")})
        return {**state, **vars(counts), "run": dict(state["run"])}
    except Exception as error:  # torch raises many kinds for a damaged file
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path}: can't be resumed ({type(error).__name__}), expected the state of a training run; remove it"
    )


def separation_objective(forward: Forward, sources: Tensor, step: int) -> Tensor:
    """Return the loss of permutation-invariant training: the negative SI-SDR in dB."""
    return separation_loss(forward(sources.sum(1))[0], sources)


def train(
    run: Run,
    mixtures: MixtureSource,
    folder: Path,
    score_db: Callable[[ReferenceTasNet], float],
    progress: TrainingProgress = no_training_progress,
    deadline_s: float = math.inf,
    objective: Objective = separation_objective,
) -> None:
    """Train to the plan's last step or the deadline (seconds from now); keep the best average by ``score_db``.

    Under ``torchrun`` every process trains on ``batch`` mixtures of its own a step, and the first one saves.

    Raises:
        RefusedError: the loss is not finite; the last good state is kept.
    """
    with parallel() as processes:
        forward = processes.data_parallel(Separation(run.net), run.plan.device)
        forward = torch.compile(forward) if run.plan.compiled else forward
        started = time.monotonic()
        while not run.is_over and processes.all_true(time.monotonic() - started < deadline_s):
            loss_db = train_step(run, forward, mixtures, objective, processes)
            score = None
            if run.step % run.plan.validate_every == 0 or run.step == run.plan.steps:
                score = keep_best(run, folder, score_db, processes)
            progress(run.step, loss_db, score)
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
    # Noise depends on the step only, so that a resumed run is the same.
    torch.manual_seed(plan.seed * 1_000_003 + place)
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
    """Return the averaged net's score in dB; save the state, and the net if it is the best so far."""
    score = score_db(run.average)
    is_better = score > run.best_db
    run.best_db, run.waited = max(score, run.best_db), 0 if is_better else run.waited + 1
    if processes.is_first:
        if is_better:
            save_atomically(serialize(run.average), folder / MODEL_FILE)
        run.save(folder)
    return score
