"""Hailo-8: 8 clusters of 16 layer controllers."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Chip
from tasnet2hef.target.known.evidence import Evidence, Figure

_ZOO = "hailo_model_zoo v2.18, hailo8/base"

CHIP = Chip(
    name="hailo8",
    clusters=Figure(8, "clusters", Evidence("HEF files of DFC 3.27 to 3.32", "recorded"), "numbers 0 to 7"),
    layer_controllers=Figure(
        128,
        "LCUs",
        Evidence("HEF enable_lcu indices 0 to 15 in 8 clusters; hailo_model_zoo issue 124", "recorded"),
        "issue 124 prints 96, which is 75 %",
    ),
    apus=Figure(
        160,
        "APUs",
        Evidence("HEF active_apu_bitmap, 20 bits a cluster; hailo_model_zoo issue 124", "inferred"),
        "issue 124 prints 120, which is 75 %",
    ),
    input_aligners=Figure(
        256,
        "input aligners",
        Evidence("HEF active_ia_bitmap, 32 bits a cluster; hailo_model_zoo issue 124", "inferred"),
        "issue 124 prints 192, which is 75 %",
    ),
    subclusters=Figure(
        512,
        "subclusters",
        Evidence("hailo_model_zoo issue 124", "inferred"),
        "issue 124 prints 384, which is 75 %",
    ),
    memory_units=Figure(
        1024,
        "memory units",
        Evidence("hailo_model_zoo issue 124", "inferred"),
        "issue 124 prints 768, which is 75 %",
    ),
    memory_units_per_cluster=Figure(
        128, "memory units", Evidence("public log: available: 128, required: 138", "recorded")
    ),
    memory_unit_bytes=Figure(
        30_000,
        "bytes",
        Evidence(f"{_ZOO}/resnet_v1_50.alls; hailo_model_zoo, docs/public_models", "inferred"),
        "in one context: 25.5 million weights, a fifth in 4 bits, with 85 % of 1,024 units, and on a hailo8l 12.8 "
        "million (as fast alone as in a batch); 15.4 million on a hailo8l are not",
    ),
    single_context_cap=Figure(0.75, "of each resource", Evidence("public logs of DFC 3.28 and 3.33", "recorded")),
    many_context_cap=Figure(
        0.6,
        "of each resource",
        Evidence("public logs; model zoo scripts: contexts of 77 layers", "recorded"),
    ),
    raised_layer_cap=Figure(
        0.95,
        "of the layer controllers",
        Evidence(f"{_ZOO}/efficientnet_m.alls", "recorded"),
        "122 layers in one context",
    ),
    raised_memory_cap=Figure(
        0.85,
        "of the memory units",
        Evidence(f"{_ZOO}/resnet_v1_50.alls", "recorded"),
        "the cap of its script",
    ),
    edge_row_columns=Figure(
        8,
        "bytes",
        Evidence("HEF files of DFC 3.27", "recorded"),
        "bytes of a row go up to a multiple of 8; stored rows are not padded",
    ),
)
