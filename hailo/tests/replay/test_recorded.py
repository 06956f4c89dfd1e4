"""The wide replay is the recorded file, and parses into the recorded layers, where the records are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from tasnet2hef.target.graph.agreement import compare
from tests.replay.attempts import model_of, net_of
from tests.target.graph.conftest import EVIDENCE


@pytest.fixture(scope="module")
def recorded() -> Path:
    if not (EVIDENCE / "seed_wide_export.onnx").is_file():
        pytest.skip(f"the recorded files are not at {EVIDENCE}")
    return EVIDENCE


def _wiring(model: onnx.ModelProto) -> list[tuple[object, ...]]:
    return [
        (node.name, node.op_type, list(node.input), list(node.output), sorted(map(str, node.attribute)))
        for node in model.graph.node
    ]


def test_the_nodes_are_the_recorded_ones(recorded: Path) -> None:
    genuine = onnx.load(recorded / "seed_wide_export.onnx", load_external_data=False)
    assert _wiring(model_of("wide 4-D")) == _wiring(genuine)


def test_the_layers_are_the_recorded_ones(recorded: Path) -> None:
    agreement = compare(net_of("wide 4-D"), json.loads((recorded / "seed_wide_dfc3.33_parsed.json").read_text()))
    assert agreement.complete, agreement.differences[:5]
