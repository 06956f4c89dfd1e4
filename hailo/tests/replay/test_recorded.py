"""The wide replay is the recorded file, and parses into the recorded layers."""

from __future__ import annotations

import json
from pathlib import Path

import onnx

from tasnet2hef.target.graph.agreement import compare
from tests.replay.attempts import model_of, net_of


def _wiring(model: onnx.ModelProto) -> list[tuple[object, ...]]:
    return [
        (node.name, node.op_type, list(node.input), list(node.output), sorted(map(str, node.attribute)))
        for node in model.graph.node
    ]


def test_the_nodes_are_the_recorded_ones(evidence: Path) -> None:
    genuine = onnx.load(evidence / "seed_wide_export.onnx", load_external_data=False)
    assert _wiring(model_of("wide 4-D")) == _wiring(genuine)


def test_the_layers_are_the_recorded_ones(evidence: Path) -> None:
    agreement = compare(net_of("wide 4-D"), json.loads((evidence / "seed_wide_dfc3.33_parsed.json").read_text()))
    assert agreement.complete, agreement.differences[:5]
