"""Hailo-15H: 5 clusters, as the Hailo-10H."""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.known.chips import hailo10h
from tasnet2hef.target.known.evidence import Evidence, Figure

CHIP = replace(
    hailo10h.CHIP,
    name="hailo15h",
    clusters=Figure(5, "clusters", Evidence("model scripts of the model zoo v5.2.0", "recorded"), "0 to 4"),
    layer_controllers=Figure(80, "LCUs", Evidence("public log on hailo15h, DFC 5.4.0: lcus=(180/80)", "recorded")),
    memory_units_per_cluster=Figure(
        128, "memory units", Evidence("public log: available: 128, required: 138", "inferred")
    ),
    edge_row_columns=Figure(
        8, "columns", Evidence("HEF of a hailo10h net", "inferred"), "taken over from hailo10h"
    ),
)
