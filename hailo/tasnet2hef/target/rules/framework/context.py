"""What a rule reads: the ONNX graph, the compiler's graph of it, its cost and the chip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import onnx

from tasnet2hef.target.graph.attention import attention_nodes
from tasnet2hef.target.graph.cost import Cost
from tasnet2hef.target.graph.feature_axes import feature_axes
from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.loader import LoadedGraph
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape
from tasnet2hef.target.graph.signs import Sign, signs_of
from tasnet2hef.target.known import Chip
from tasnet2hef.target.known.knowledge import NOTHING_KNOWN, Knowledge


@dataclass(frozen=True)
class RuleContext:
    """Everything that rules may read; `model` is the file as written, None if only the graph was loaded.

    `single_context`: the user requires that the net fits one context of the chip. `compiler` is the version that
    the check is for, empty for none in particular; `knowledge` is what a probe of it recorded.
    """

    graph: LoadedGraph
    net: HailoNet
    cost: Cost
    chip: Chip
    model: onnx.ModelProto | None = None
    single_context: bool = False
    compiler: str = ""
    knowledge: Knowledge = NOTHING_KNOWN

    @cached_property
    def layer_of_node(self) -> Mapping[str, Layer]:
        """Return the compiler's layer that each ONNX node became, or became part of, by the node's name."""
        return {node.name: layer for layer in self.net for node in layer.onnx}

    @cached_property
    def producers(self) -> Mapping[str, OnnxNode]:
        """Return the node that writes each tensor."""
        return {tensor: node for node in self.graph.nodes for tensor in node.outputs if tensor}

    @cached_property
    def readers(self) -> Mapping[str, tuple[OnnxNode, ...]]:
        """Return the nodes that read each tensor."""
        readers: dict[str, list[OnnxNode]] = {}
        for node in self.graph.nodes:
            for tensor in dict.fromkeys(node.inputs):
                readers.setdefault(tensor, []).append(node)
        return {tensor: tuple(nodes) for tensor, nodes in readers.items()}

    @cached_property
    def signs(self) -> Mapping[str, Sign]:
        """Return where the values of each tensor lie, see `signs_of`."""
        return signs_of(self.graph)

    @cached_property
    def feature_axes(self) -> Mapping[str, int]:
        """Return the axis of the features by tensor, where it is known."""
        return feature_axes(self.graph)

    @cached_property
    def attention(self) -> frozenset[int]:
        """Return the indices of the nodes of attentions that have a layer, see `attention_nodes`."""
        refused = {node.index for layer in self.net.unsupported for node in layer.onnx[:1]}
        return attention_nodes(self.graph.nodes, self.is_constant) - refused

    def nodes(self, *op_types: str) -> Iterator[OnnxNode]:
        """Yield the ONNX nodes of some operators."""
        return (node for node in self.graph.nodes if node.op_type in op_types)

    def layers(self, *types: str) -> Iterator[Layer]:
        """Yield the compiler's layers of some types."""
        return (layer for layer in self.net if layer.type in types)

    def producer(self, tensor: str) -> OnnxNode | None:
        """Return the node that writes a tensor; None for inputs and constants."""
        return self.producers.get(tensor)

    def consumers(self, node: OnnxNode) -> tuple[OnnxNode, ...]:
        """Return the nodes that read a node's outputs."""
        return tuple(reader for tensor in node.outputs for reader in self.readers.get(tensor, ()))

    def shape(self, tensor: str) -> Shape | None:
        """Return the ONNX shape of a tensor, or None if it is not known."""
        if tensor in self.graph.constants:
            return self.graph.constants.shape(tensor)
        return self.graph.shapes.get(tensor)

    def is_constant(self, tensor: str) -> bool:
        """Return whether a tensor does not depend on the inputs."""
        return tensor in self.graph.constants
