"""The facts of a check for the page: its ``--json``, every layer with its cost, and the rules' evidence."""

from __future__ import annotations

from typing import Any

from tasnet2hef.target.check import CheckReport
from tasnet2hef.target.graph.cost import compiled_layers
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.rules.framework.discovery import find_rule


def check_facts(report: CheckReport) -> dict[str, Any]:
    """Return `check --json` with ``layers``, ``notes`` and the ``evidence`` of each rule with findings."""
    cost = report.resources.cost
    windows = {window.layer: window.values for window in cost.windows}
    held_values = {each.layer: each.values for each in cost.held_maps}
    layers = [
        _layer(layer, windows.get(layer.name, 0), held_values.get(layer.name, 0), layer.name in cost.fused_adds)
        for layer in report.net
    ]
    rules = dict.fromkeys(finding.rule for finding in report.findings)
    return {
        **report.to_json(),
        "name": report.name,
        "layers": layers,
        "notes": list(report.net.notes),
        "evidence": {rule: find_rule(rule).to_json()["evidence"] for rule in rules},
    }


def _layer(layer: Layer, window_bytes: int, held_bytes: int, is_fused: bool) -> dict[str, Any]:
    """Return one layer; sizes in bytes at 8 bits."""
    return {
        "name": layer.name,
        "type": layer.type,
        "inputs": list(layer.inputs),
        "shape": list(layer.shape),
        "original_names": list(layer.original_names),
        "compiled": 0 if is_fused else compiled_layers(layer),
        "weights": layer.weights,
        "macs": layer.macs,
        "row_bytes": _row_bytes(layer.shape),
        "window_bytes": window_bytes,
        "held_bytes": held_bytes,
    }


def _row_bytes(shape: Shape) -> int:
    """Return the bytes of one row, W x C values."""
    return shape[-2] * shape[-1] if len(shape) > 2 else max(shape[-1], 1)
