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

    def likely_contexts(self, layers: int, weights: int) -> int:
        """Return how many contexts a net likely takes, by its layers and its 8-bit weights."""
        units = math.ceil(weights / self.memory_unit_bytes.value)
        if (
            layers <= self.single_context_layers
            and units <= self.memory_units.value * self.single_context_cap.value
        ):
            return 1
        by_memory = math.ceil(units / (self.memory_units.value * self.many_context_cap.value))
        return max(2, math.ceil(layers / self.layers_per_context), by_memory)
