"""Hailo-10H: 5 clusters."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Chip
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
    memory_unit_bytes=Figure(
        16_384,
        "bytes",
        Evidence("weights against units in a public log of hailo10h, DFC 5.4.0", "inferred"),
        "4096 x 1024 weights took 38.8 % of 640 units",
    ),
    single_context_cap=Figure(
        0.75, "of each resource", Evidence("public logs of DFC 3.28 and 3.33, hailo8", "inferred")
    ),
    many_context_cap=Figure(0.6, "of each resource", Evidence("public log on hailo15h, DFC 5.4.0", "recorded")),
    raised_layer_cap=Figure(
        0.95,
        "of the layer controllers",
        Evidence("public log on hailo15h, DFC 5.4.0: resources_param(max_utilization=0.95)", "inferred"),
        "five contexts instead of nine",
    ),
    raised_memory_cap=Figure(
        0.85, "of the memory units", Evidence("hailo_model_zoo v2.18, resnet_v1_50.alls, hailo8", "inferred")
    ),
    edge_row_columns=Figure(8, "columns", _HEF, "width 1 becomes 8 columns"),
)
