"""Resources that a net needs on a chip: layers against its controllers, weights against its memory, contexts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.target.graph.cost import Cost
from tasnet2hef.target.known.chip import Chip, caps_line
from tasnet2hef.target.known.column_gain import ColumnGain, column_gain

Fit = Literal["one context", "one context with raised caps", "several contexts"]


@dataclass(frozen=True)
class ResourceEstimate:
    """A net's cost against a chip's resources.

    ``audio_seconds`` is the audio that one run processes, None for a foreign graph; ``streams`` are windows side
    by side in its columns.
    """

    chip: Chip
    cost: Cost
    audio_seconds: float | None = None
    streams: int = 1

    @property
    def likely_contexts(self) -> int:
        """Return how many contexts the net likely needs, with raised caps where these make it one [inferred]."""
        return self.chip.likely_contexts(self.cost.lcus, self.cost.weights)

    @property
    def fit(self) -> Fit:
        """Return whether one context likely holds the net: by the compiler's own caps, by raised ones, or not."""
        cap = self.chip.single_context_caps(self.cost.lcus, self.cost.weights)
        if cap is None:
            return "several contexts"
        return "one context" if cap == self.chip.single_context_cap.value else "one context with raised caps"

    @property
    def raised_cap(self) -> float | None:
        """Return the cap that makes fewer contexts; None where the compiler's own caps make one."""
        if self.fit == "one context":
            return None
        return (
            self.chip.single_context_caps(self.cost.lcus, self.cost.weights) or self.chip.raised_memory_cap.value
        )

    @property
    def contexts_by_default(self) -> int:
        """Return how many contexts are likely with the compiler's own caps [inferred]."""
        if self.fit == "one context":
            return 1
        return self.chip.several_contexts(self.cost.lcus, self.cost.weights, self.chip.many_context_cap.value)

    @property
    def contexts_with_raised_caps(self) -> int:
        """Return how many contexts are likely with the caps raised [inferred]."""
        if self.fit != "several contexts" or self.raised_cap is None:
            return 1
        return self.chip.several_contexts(self.cost.lcus, self.cost.weights, self.raised_cap)

    @property
    def contexts_in_words(self) -> str:
        """Return the likely contexts, and what raised caps change."""
        if self.fit == "one context":
            return "1"
        if self.fit == "one context with raised caps":
            return f"1 with caps raised to {self.raised_cap:.0%}"
        return (
            f"{self.likely_contexts}, {self.contexts_with_raised_caps} with caps raised to {self.raised_cap:.0%}"
        )

    @property
    def memory_units(self) -> int:
        """Return how many memory units the 8-bit weights fill [inferred]."""
        return self.chip.units_of(self.cost.weights)

    @property
    def gops(self) -> float:
        """Return billions of operations per frame, as the compiler counts them."""
        return self.cost.ops / 1e9

    @property
    def gops_per_second_of_audio(self) -> float | None:
        """Return billions of operations per second of audio; None for a foreign graph."""
        return None if self.audio_seconds is None else self.gops / self.audio_seconds

    @property
    def column_gain(self) -> ColumnGain | None:
        """Return what windows side by side are expected to save; None for a single window."""
        return column_gain(self.chip, self.streams) if self.streams > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        cost, chip = self.cost, self.chip
        widest = cost.widest_row
        return {
            "hardware": chip.name,
            "layers_by_type": dict(cost.layers_by_type),
            "parsed_layers": cost.parsed_layers,
            "compiled_layers": cost.compiled_layers,
            "lcus": {"demand": cost.lcus, **_available(chip, chip.layer_controllers.value)},
            "apus": {"demand": cost.apus, **_available(chip, None if chip.apus is None else chip.apus.value)},
            "memory_units": {"demand": self.memory_units, **_available(chip, chip.memory_units.value)},
            "likely_contexts": self.likely_contexts,
            "fit": self.fit,
            "contexts_in_words": self.contexts_in_words,
            "contexts_by_default": self.contexts_by_default,
            "contexts_with_raised_caps": self.contexts_with_raised_caps,
            "raised_caps": None if self.raised_cap is None else caps_line(self.raised_cap),
            "layers_per_context": chip.layers_per_context,
            "weights": cost.weights,
            "macs": cost.macs,
            "ops": cost.ops,
            "gops_per_second_of_audio": self.gops_per_second_of_audio,
            "column_gain": None if self.column_gain is None else self.column_gain.to_json(),
            "widest_row": {
                "layer": widest.layer,
                "width": widest.width,
                "features": widest.features,
                "bytes": widest.values,
            },
            "held_maps": [
                {"layer": each.layer, "join": each.join, "shape": list(each.shape), "bytes": each.values}
                for each in cost.held_maps
            ],
            "held_bytes": cost.held_values,
            "largest_window_bytes": max((window.values for window in cost.windows), default=0),
        }


def estimate_resources(chip: Chip, cost: Cost, contract: GraphContract | None) -> ResourceEstimate:
    """Return the resources that a net needs on a chip; ``contract`` is None for a foreign graph."""
    if contract is None:
        return ResourceEstimate(chip, cost)
    return ResourceEstimate(chip, cost, audio_seconds(contract), contract.streams)


def audio_seconds(contract: GraphContract) -> float:
    """Return the seconds of audio that one run processes: its windows side by side, or one chunk of a stream."""
    samples = contract.window_samples
    if contract.stateful:
        samples = contract.window_frames * contract.spec.stride
    return contract.streams * samples / contract.spec.values_per_second


def _available(chip: Chip, total: float | None) -> dict[str, Any]:
    """Return how much of a resource the whole chip has, and how much of it one context may use."""
    if total is None:
        return {"chip": None, "single_context": None}
    return {"chip": int(total), "single_context": int(total * chip.single_context_cap.value)}
