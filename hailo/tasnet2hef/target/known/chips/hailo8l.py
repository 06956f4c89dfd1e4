"""Hailo-8L: half a Hailo-8."""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.known.chips import hailo8
from tasnet2hef.target.known.evidence import Evidence, Figure


def _as_hailo8(figure: Figure) -> Figure:
    return replace(figure, evidence=replace(figure.evidence, grade="inferred"), note="taken over from hailo8")


CHIP = replace(
    hailo8.CHIP,
    name="hailo8l",
    clusters=Figure(
        4,
        "clusters",
        Evidence("public logs; model scripts of the model zoo", "recorded"),
        "0, 1, 4, 5 in two logs",
    ),
    layer_controllers=Figure(
        64, "LCUs", Evidence("model zoo scripts, 64 layers in a context", "inferred"), "4 clusters of 16"
    ),
    apus=None,
    input_aligners=None,
    subclusters=Figure(256, "subclusters", Evidence("4 clusters of 64", "inferred")),
    memory_units=Figure(512, "memory units", Evidence("4 clusters of 128", "inferred")),
    memory_units_per_cluster=Figure(128, "memory units", Evidence("4 clusters as those of hailo8", "inferred")),
    memory_unit_bytes=replace(hailo8.CHIP.memory_unit_bytes, note="taken over from hailo8"),
    raised_layer_cap=_as_hailo8(hailo8.CHIP.raised_layer_cap),
    raised_memory_cap=_as_hailo8(hailo8.CHIP.raised_memory_cap),
    edge_row_columns=Figure(8, "bytes", Evidence("HEF files of hailo8", "inferred"), "taken over from hailo8"),
)
