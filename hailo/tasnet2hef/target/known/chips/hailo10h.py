"""Hailo-10H: 5 clusters."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Chip
from tasnet2hef.target.known.chips import hailo8
from tasnet2hef.target.known.evidence import Evidence, Figure

_HEF = Evidence("HEF of steveonw/Piper-VITS-TTS-on-Hailo-10H, DFC 5.3.0", "recorded")

CHIP = Chip(
    name="hailo10h",
    clusters=Figure(5, "clusters", _HEF, "0 to 4"),
    layer_controllers=Figure(80, "LCUs", Evidence("public log, lcus=(160/80)", "recorded")),
    apus=None,
    input_aligners=None,
    subclusters=None,
    memory_units=Figure(640, "memory units", Evidence("5 clusters of 128", "inferred")),
    memory_units_per_cluster=Figure(
        128, "memory units", Evidence("public log: available: 128, required: 138", "recorded")
    ),
    memory_unit_bytes=hailo8.CHIP.memory_unit_bytes,
    single_context_cap=Figure(
        0.75, "of each resource", Evidence("public logs of DFC 3.28 and 3.33, hailo8", "inferred")
    ),
    many_context_cap=Figure(0.6, "of each resource", Evidence("public log on hailo15h, DFC 5.4.0", "recorded")),
    edge_row_columns=Figure(8, "columns", _HEF, "width 1 becomes 8 columns"),
)
