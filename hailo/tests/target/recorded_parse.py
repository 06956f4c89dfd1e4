"""A real parse, as facts in this repository: a wide export, and the 1,179 layers that DFC 3.33.0 made of it.

`recorded/seed_wide_export.json.gz` describes the graph (see `recorded_graphs`); its weights are absent.
`recorded/seed_wide_dfc3.33_parsed.json.gz` holds the fields of each layer that `compare` reads, and two totals.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import onnx

from tests.target.rules.recorded_graphs import draw

RECORDED = Path(__file__).with_name("recorded")
GRAPH, LAYERS = "seed_wide_export", "seed_wide_dfc3.33_parsed"


def write_recorded_parse(folder: Path) -> Path:
    """Write the graph as an ONNX file and the layers as JSON, under their original names; return the folder."""
    onnx.save(draw(json.loads(_text_of(GRAPH))), folder / f"{GRAPH}.onnx")
    (folder / f"{LAYERS}.json").write_bytes(_text_of(LAYERS))
    return folder


def _text_of(name: str) -> bytes:
    return gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes())
