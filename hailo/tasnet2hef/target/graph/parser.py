"""Predicts the layers that the compiler's parser makes of an ONNX graph: nodes in, a HailoNet out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.attention import attention_nodes
from tasnet2hef.target.graph.builder import Builder, Draft, Unsupported
from tasnet2hef.target.graph.converters.registry import Converter, discover
from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.layout import default_layout, hn_shape
from tasnet2hef.target.graph.loader import LoadedGraph
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape
from tasnet2hef.target.graph.ordering import (
    consumers_of,
    creation_order,
    discovery_order,
    lexicographic_order,
    number,
)
from tasnet2hef.target.graph.workload import workload

_CHANNELS_AT_ONE = ("Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "PRelu")


def parse(loaded: LoadedGraph) -> HailoNet:
    """Return the compiler's graph of a loaded ONNX graph.

    A node that the compiler has no layer for becomes a layer of type `unsupported` with the reason, and
    parsing continues after it.  Raises GraphError for a node whose inputs and attributes contradict each other.
    """
    nodes = _live(loaded)
    attention = attention_nodes(nodes, loaded.constants.__contains__)
    build = Builder(loaded.constants, _use_counts(nodes, loaded.outputs), consumers_of(nodes), attention)
    for tensor in loaded.inputs:
        _add_input(loaded, tensor, build)
    converters = discover()
    for node in creation_order(nodes):
        _convert(node, build, converters)
    for tensor in loaded.outputs:
        _add_output(loaded, tensor, build)
    drafts = [draft for draft in build.drafts if not draft.fused]
    return HailoNet(loaded.name, _layers(drafts, discovery_order(nodes, loaded.inputs)), loaded.notes)


def _live(loaded: LoadedGraph) -> list[OnnxNode]:
    """Return the nodes that an output depends on."""
    writers = {tensor: node for node in loaded.nodes for tensor in node.outputs if tensor}
    live: set[int] = set()
    front = list(loaded.outputs)
    while front:
        node = writers.get(front.pop())
        if node is not None and node.index not in live:
            live.add(node.index)
            front.extend(node.inputs)
    return [node for node in loaded.nodes if node.index in live]


def _use_counts(nodes: Iterable[OnnxNode], outputs: Iterable[str]) -> Mapping[str, int]:
    counts = Counter(tensor for node in nodes for tensor in set(node.inputs))
    counts.update(outputs)
    return counts


def _convert(node: OnnxNode, build: Builder, converters: Mapping[str, Converter]) -> None:
    if build.is_bound(node):
        return  # part of an operator that an earlier node began
    before = len(build.drafts)
    converter = converters.get(node.op_type)
    try:
        if converter is None:
            raise Unsupported(f"the compiler has no layer for {node.op_type}")
        converter(node, build)
        unbound = build.unbound_outputs(node)
        if unbound:
            raise Unsupported(f"its output {unbound[0]} has no layer")
    except Unsupported as refusal:
        build.rewind(before)
        build.refuse(node, str(refusal))
    except (IndexError, ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise GraphError(f"{node.where()}: its inputs and attributes contradict each other ({error})") from None


def _add_input(loaded: LoadedGraph, tensor: str, build: Builder) -> None:
    shape = loaded.shapes[tensor]
    node = OnnxNode(-1, tensor, "Input", (), (tensor,), output_shapes=(shape,))
    layout = _input_layout(shape, build.consumers.get(tensor, ()))
    value = build.add(node, "input_layer", [], hn_shape(shape, layout), layout=layout)
    build.bind(tensor, value)


def _input_layout(shape: Shape, consumers: Sequence[OnnxNode]) -> str:
    """Return the layout of an input: a 3-D one is `[batch, width, features]` unless a convolution reads it."""
    if len(shape) != 3 or any(node.op_type in _CHANNELS_AT_ONE for node in consumers):
        return default_layout(len(shape))
    return "NWC"


def _add_output(loaded: LoadedGraph, tensor: str, build: Builder) -> None:
    node = OnnxNode(len(loaded.nodes), tensor, "Output", (tensor,), (), (), (loaded.shapes.get(tensor),))
    if build.is_constant(tensor):
        raise GraphError(f"{loaded.path.name}: the output {tensor} does not depend on any input; export again")
    value = build.any_value(tensor)
    build.add(node, "output_layer", [value], value.shape, layout=value.layout)


def _layers(drafts: Sequence[Draft], discovered: Mapping[int, int]) -> tuple[Layer, ...]:
    position = {id(draft): place for place, draft in enumerate(drafts)}

    def sources(draft: Draft) -> list[int]:
        return [position[id(value.draft)] for value in draft.inputs]

    first = _first_numbering(drafts, discovered)
    order = lexicographic_order(drafts, sources, number([draft.sort_prefix for draft in drafts], first))
    names = number([draft.prefix for draft in drafts], order)
    listed = lexicographic_order(drafts, sources, names)
    edges: dict[int, list[tuple[int, Shape]]] = {place: [] for place in listed}
    for place in listed:
        for value in drafts[place].inputs:
            edges[position[id(value.draft)]].append((place, value.shape))
    return tuple(_layer(drafts[place], place, names, position, edges) for place in listed)


def _first_numbering(drafts: Sequence[Draft], discovered: Mapping[int, int]) -> list[int]:
    def rank(place: int) -> tuple[int, int]:
        draft = drafts[place]
        return (discovered.get(draft.node_index, 0) if draft.type == "const_input" else 0, place)

    return sorted(range(len(drafts)), key=rank)


def _layer(
    draft: Draft,
    place: int,
    names: Sequence[str],
    position: Mapping[int, int],
    edges: Mapping[int, Sequence[tuple[int, Shape]]],
) -> Layer:
    inputs = tuple(value.shape for value in draft.inputs)
    load = workload(draft.type, draft.params, inputs, draft.shape)
    return Layer(
        name=names[place],
        type=draft.type,
        inputs=tuple(names[position[id(value.draft)]] for value in draft.inputs),
        outputs=tuple(names[consumer] for consumer, _ in edges[place]),
        input_shapes=inputs or (draft.shape,),
        output_shapes=tuple(shape for _, shape in edges[place]) or (draft.shape,),
        shape=draft.shape,
        param_items=tuple(draft.params.items()),
        original_names=tuple(draft.original_names),
        onnx=tuple(draft.onnx),
        onnx_shape=draft.onnx_shape,
        weights=load.weights,
        macs=load.macs,
        ops=load.ops,
        reason=draft.reason,
    )
