"""What is known of one chip, and how the compiler budgets it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tasnet2hef.target.known.evidence import Figure


@dataclass(frozen=True)
class Chip:
    """One chip; a resource of which no source is known is None."""

    name: str
    clusters: Figure
    layer_controllers: Figure
    apus: Figure | None
    input_aligners: Figure | None
    subclusters: Figure | None
    memory_units: Figure
    memory_units_per_cluster: Figure
    memory_unit_bytes: Figure
    single_context_cap: Figure
    many_context_cap: Figure
    raised_layer_cap: Figure
    """The largest share of the layer controllers that a context is recorded to have used, with raised caps."""
    raised_memory_cap: Figure
    """The largest share of the memory units that a script was recorded to allow."""
    edge_row_columns: Figure
    """Rows at the chip's edge are padded up to this many columns, or bytes, see its note."""

    @property
    def single_context_layers(self) -> int:
        """Return how many layers the compiler plans into a single context."""
        return int(self.layer_controllers.value * self.single_context_cap.value)

    @property
    def layers_per_context(self) -> int:
        """Return how many layers it plans into each of several contexts.

        Recorded with a cap of 0.6 on 128 controllers: 77, rounded up.
        """
        return math.ceil(self.layer_controllers.value * self.many_context_cap.value)

    @property
    def raised_context_layers(self) -> int:
        """Return how many layers a single context has held with caps raised by the model script."""
        return round(self.layer_controllers.value * self.raised_layer_cap.value)

    def units_of(self, weights: int) -> int:
        """Return how many memory units 8-bit weights fill [inferred]."""
        return math.ceil(weights / self.memory_unit_bytes.value)

    def single_context_caps(self, layers: int, weights: int) -> float | None:
        """Return the cap with which a net fits a single context; None if it needs several.

        The cap is the compiler's own, or a raised one: that of ResNet-50, or the largest on record.
        """
        share = self.units_of(weights) / self.memory_units.value
        usual = self.single_context_cap.value
        if layers <= self.single_context_layers and share <= usual:
            return usual
        if layers > self.raised_context_layers or share > self.raised_memory_cap.value:
            return None
        within = layers <= self.layer_controllers.value * self.raised_memory_cap.value
        return self.raised_memory_cap.value if within else self.raised_layer_cap.value

    def likely_contexts(self, layers: int, weights: int) -> int:
        """Return how many contexts a net likely takes, by its layers and its 8-bit weights.

        One where the compiler's own caps or raised ones allow it, else as many as the compiler's own caps make.
        """
        if self.single_context_caps(layers, weights) is not None:
            return 1
        return self.several_contexts(layers, weights, self.many_context_cap.value)

    def several_contexts(self, layers: int, weights: int, cap: float) -> int:
        """Return into how many contexts a net is cut if each may use a share of each resource; at least two."""
        by_layers = math.ceil(layers / math.ceil(self.layer_controllers.value * cap))
        return max(2, by_layers, math.ceil(self.units_of(weights) / (self.memory_units.value * cap)))


def caps_line(cap: float) -> str:
    """Return the line of a model script that lets each context use more than the compiler's own share.

    >>> caps_line(0.95)[:45]
    'resources_param(max_control_utilization=0.95,'
    """
    kinds = ("control", "compute", "compute_16bit", "memory", "input_aligner", "apu")
    return f"resources_param({', '.join(f'max_{kind}_utilization={cap:g}' for kind in kinds)})"
