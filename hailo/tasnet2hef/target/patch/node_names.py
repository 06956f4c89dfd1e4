"""Gives every node a unique name."""

from __future__ import annotations

import onnx

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.patch.patch import Patch


def apply(model: onnx.ModelProto) -> list[str]:
    """Name nodes that have none, and rename those whose name is taken."""
    taken: set[str] = set()
    changes = []
    for node in model.graph.node:
        if node.name and node.name not in taken:
            taken.add(node.name)
            continue
        base = node.name or "_".join((node.op_type, *node.output[:1]))
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        changes.append(f"{node.op_type} {node.name or '(no name)'} is now {name}")
        node.name = name
        taken.add(name)
    return changes


PATCH = Patch(
    patch_id="node-names",
    why="the compiler names start and end nodes, messages and original_names after ONNX node names, so a layer "
    "of a nameless node can't be found again",
    evidence=Evidence(
        "translate_onnx_model(start_node_names, end_node_names) and the HN's original_names", "documented"
    ),
    apply=apply,
)
