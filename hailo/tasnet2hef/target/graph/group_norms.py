"""Group norms as PyTorch writes them: a reshape to groups, an instance norm, and a reshape back.

The compiler takes the three for one norm [recorded: it looks for an InstanceNormalization between reshapes].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasnet2hef.target.graph.onnx_node import OnnxNode


@dataclass(frozen=True)
class GroupNorm:
    """The three nodes of one norm over `groups` groups of features."""

    nodes: tuple[OnnxNode, OnnxNode, OnnxNode]
    groups: int


def group_norm_at(node: OnnxNode, consumers: Mapping[str, Sequence[OnnxNode]]) -> GroupNorm | None:
    """Return the group norm that a reshape begins; None if it begins none."""
    if node.op_type != "Reshape":
        return None
    before, grouped = node.input_shapes[0], node.output_shapes[0]
    norm = _only(consumers.get(node.outputs[0], ()))
    if before is None or grouped is None or norm is None:
        return None
    back = _only(consumers.get(norm.outputs[0], ()))
    if norm.op_type != "InstanceNormalization" or back is None or back.op_type != "Reshape":
        return None
    if len(grouped) != 3 or len(before) < 3 or before[1] % grouped[1] or back.output_shapes[0] != before:
        return None
    return GroupNorm((node, norm, back), grouped[1])


def _only(nodes: Sequence[OnnxNode]) -> OnnxNode | None:
    return nodes[0] if len(nodes) == 1 else None
