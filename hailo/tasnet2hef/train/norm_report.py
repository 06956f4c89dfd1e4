"""The report of ``freeze`` and ``distil``: dB by level of the input, and what the result costs on the chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.agreement import BROKEN, Verdict, expected_loss_db, verdict_of_loss
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, build
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.resources import ResourceEstimate
from tasnet2hef.train.evaluator import LevelResult

WINDOW_SECONDS = 2.0
LEAST_IMPROVEMENT_DB: Final = 1.0
"""An original that improves mixtures by less does not separate them. Set by judgement: trained nets improve
mixtures like those of their training by 8 dB and more, and those of one voice with itself by -2 dB (measured)."""


@dataclass(frozen=True)
class NetCost:
    """Predicted layers, MACs and contexts of a net's export, with windows of 2 s."""

    residual: str
    parsed_layers: int
    compiled_layers: int
    macs_per_s: float
    contexts: int
    held_maps: int

    @classmethod
    def of(cls, residual: str, resources: ResourceEstimate) -> NetCost:
        """Return the cost from a check's estimate."""
        cost = resources.cost
        macs = cost.macs / (resources.audio_seconds or WINDOW_SECONDS)
        return cls(
            residual,
            cost.parsed_layers,
            cost.compiled_layers,
            macs,
            resources.likely_contexts,
            len(cost.held_maps),
        )


def cost_of(net: ReferenceTasNet, hardware: str, residual: str) -> NetCost | None:
    """Predict the cost of a net on a chip; None for a norm that has no equivalent there (cgLN)."""
    try:
        options = ExportOptions(seconds=WINDOW_SECONDS, residual=residual)
        export, _ = build(from_module(net), options)
    except OptionError:
        return None
    return NetCost.of(residual, check_graph(OpenedGraph(make_model(export)), hardware).resources)


def costs_of(net: ReferenceTasNet, hardware: str) -> tuple[NetCost, ...]:
    """Predict the cost with separate residuals and, where there is a skip path, with joint ones."""
    residuals = ("separate", "joint") if net.spec.skip_chan else ("separate",)
    costs = (cost_of(net, hardware, residual) for residual in residuals)
    return tuple(cost for cost in costs if cost is not None)


@dataclass(frozen=True, kw_only=True)
class NormReport:
    """A net whose norms were replaced, and its original."""

    path: Path
    spec: TasNetSpec
    original_spec: TasNetSpec
    has_sources: bool
    """Whether the figures are SI-SDR improvements; else they are agreements with the original."""
    original_db: float
    result_db: float
    levels: Sequence[LevelResult]
    costs: tuple[NetCost, ...]
    original_costs: tuple[NetCost, ...]
    seconds: float
    steps: int = 0
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """Return the result in words; a signed difference alone would read as a gain where all is lost."""
        if not self.has_sources:
            return f"agreement with the original on held-out mixtures: {self.result_db:.2f} dB"
        measure = "SI-SDR improvement on held-out mixtures"
        lost_db = self.original_db - self.result_db
        if not self.is_evidence:
            return f"{measure}: original {self.original_db:.2f} dB -> result {self.result_db:.2f} dB: no evidence"
        if lost_db < 0:
            return f"{measure}: gained {-lost_db:.2f} dB over the original's {self.original_db:.2f} dB"
        return f"{measure}: lost {lost_db:.2f} dB of {self.original_db:.2f} dB"

    @property
    def lost_db(self) -> float:
        """SI-SDR lost against the original; without true sources, what agreement with it should cost."""
        return self.original_db - self.result_db if self.has_sources else expected_loss_db(self.result_db)

    @property
    def verdict(self) -> Verdict:
        """Return how good the result is; broken where the mixtures are no evidence."""
        return verdict_of_loss(self.lost_db) if self.is_evidence else BROKEN

    @property
    def is_evidence(self) -> bool:
        """Whether the original separates these mixtures, so that the result can be judged by them."""
        return not self.has_sources or self.original_db >= LEAST_IMPROVEMENT_DB

    @property
    def warning(self) -> str:
        """Return what is wrong with the figures; empty if nothing is."""
        if self.is_evidence:
            return ""
        return (
            f"WARNING: the original itself improves these mixtures by {self.original_db:.2f} dB only: they are "
            "not like those of its training (one voice? recordings that are mixtures already? another rate?), and "
            "the result can't be judged by them"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; layers and MACs are those of the residual with the fewest layers."""
        best = min(self.costs, key=lambda cost: cost.compiled_layers)
        return {
            "checkpoint": str(self.path),
            "spec": self.spec.as_dict(),
            "measure": "si_sdr_improvement" if self.has_sources else "agreement_with_original",
            "headline": self.headline,
            "verdict": self.verdict,
            "warning": self.warning,
            "si_sdr_improvement_db": {"original": self.original_db, "result": self.result_db},
            "by_input_level": [asdict(level) for level in self.levels],
            "parsed_layers": best.parsed_layers,
            "compiled_layers": best.compiled_layers,
            "macs_per_s": best.macs_per_s,
            "costs": [asdict(cost) for cost in self.costs],
            "original_costs": [asdict(cost) for cost in self.original_costs],
            "steps": self.steps,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }
