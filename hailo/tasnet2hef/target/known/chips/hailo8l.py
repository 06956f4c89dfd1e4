"""Hailo-8L: half a Hailo-8."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Chip, Figure

CHIP = Chip(
    name="hailo8l",
    clusters=Figure(
        4, "clusters", "public logs; model scripts of the model zoo", "recorded", "0, 1, 4, 5 in two logs"
    ),
    layer_controllers=Figure(
        64, "LCUs", "model zoo scripts, 64 layers in a context", "inferred", "4 clusters of 16"
    ),
    apus=None,
    input_aligners=None,
    subclusters=Figure(256, "subclusters", "4 clusters of 64", "inferred"),
    memory_units=Figure(512, "memory units", "4 clusters of 128", "inferred"),
    memory_units_per_cluster=Figure(128, "memory units", "4 clusters as those of hailo8", "inferred"),
    memory_unit_bytes=Figure(
        16384,
        "bytes",
        "weights against units in logs of hailo10h and hailo8",
        "inferred",
        "4096 x 1024 weights took 38.8 % of 640 units, VGG11 70.8 % of 1024",
    ),
    single_context_cap=Figure(0.75, "of each resource", "public logs of DFC 3.28 and 3.33", "recorded"),
    many_context_cap=Figure(
        0.6, "of each resource", "public logs; model zoo scripts: contexts of 77 layers", "recorded"
    ),
    edge_row_columns=Figure(8, "bytes", "HEF files of hailo8", "inferred", "taken over from hailo8"),
)
