"""Hailo-15H: 5 clusters, as the Hailo-10H."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Chip, Figure

CHIP = Chip(
    name="hailo15h",
    clusters=Figure(5, "clusters", "model scripts of the model zoo v5.2.0", "recorded", "0 to 4"),
    layer_controllers=Figure(80, "LCUs", "public log on hailo15h, DFC 5.4.0: lcus=(180/80)", "recorded"),
    apus=None,
    input_aligners=None,
    subclusters=None,
    memory_units=Figure(640, "memory units", "5 clusters of 128", "inferred"),
    memory_units_per_cluster=Figure(128, "memory units", "public log: available: 128, required: 138", "inferred"),
    memory_unit_bytes=Figure(
        16384,
        "bytes",
        "weights against units in logs of hailo10h and hailo8",
        "inferred",
        "4096 x 1024 weights took 38.8 % of 640 units, VGG11 70.8 % of 1024",
    ),
    single_context_cap=Figure(0.75, "of each resource", "public logs of DFC 3.28 and 3.33, hailo8", "inferred"),
    many_context_cap=Figure(0.6, "of each resource", "public log on hailo15h, DFC 5.4.0", "recorded"),
    edge_row_columns=Figure(8, "columns", "HEF of a hailo10h net", "inferred", "taken over from hailo10h"),
)
