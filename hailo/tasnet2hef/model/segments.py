"""Cuts an exported graph into segments, for nets that are too big for one device program.

A cut lies between two TCN blocks. What crosses it is the residual stream and the skip sum (one tensor, if they are
joint). The masks need the encoder's representation at the end: the last segment computes it again from the frames,
which costs one convolution, where passing it on would cost N values per frame.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import onnx
from onnx import TensorProto, helper

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract, metadata_of

BLOCK = re.compile(r"tcn_(\d+)/")
ENCODER = "encoder"
DIGEST_CHARACTERS = 16

CutTensors = tuple[str, ...]
"""The tensors that cross a cut, in the order in which they are computed."""


def split_model(model: onnx.ModelProto, segments: int) -> list[onnx.ModelProto]:
    """Cut a graph of windows into ``segments`` models with similar numbers of multiplications.

    Raises:
        OptionError: there are fewer blocks than segments, or the graph is stateful.
    """
    metadata = metadata_of(model)
    contract = GraphContract.from_metadata(metadata, "graph")
    blocks = len(contract.spec.dilations)
    if not 1 <= segments <= blocks:
        raise OptionError(f"segments: found {segments}, expected 1 to {blocks}, the number of TCN blocks")
    if segments == 1:
        return [model]
    if contract.stateful:
        raise OptionError(f"segments: found {segments} for a stateful graph, expected 1; export windows instead")
    places = [_block_of(node.name, blocks) for node in model.graph.node]
    costs = _costs(model, places, blocks)
    cuts = [_cut_tensors(model, places, block) for block in balanced_cuts(costs, segments)]
    last_outputs = tuple(port.name for port in model.graph.output)
    digest = digest_of_weights(model)
    parts = []
    for number, (inputs, outputs) in enumerate(zip([(), *cuts], [*cuts, last_outputs], strict=True), start=1):
        part = replace(contract, segment=number, segments=segments, segment_of=digest)
        parts.append(cut_out(model, inputs, outputs, part))
    return parts


def balanced_cuts(costs: Sequence[float], segments: int) -> tuple[int, ...]:
    """Return the blocks before which to cut, so that the most expensive segment costs as little as possible.

    >>> balanced_cuts([3, 1, 1, 1, 1, 1], 2)
    (2,)
    """
    costs = tuple(costs)

    @cache
    def best(start: int, parts: int) -> tuple[float, tuple[int, ...]]:
        if parts == 1:
            return sum(costs[start:]), ()
        choices = []
        for cut in range(start + 1, len(costs) - parts + 2):
            rest, cuts = best(cut, parts - 1)
            choices.append((max(sum(costs[start:cut]), rest), (cut, *cuts)))
        return min(choices)

    return best(0, segments)[1]


def _block_of(node: str, blocks: int) -> int:
    """Return a node's block: -1 for what comes before the first block, ``blocks`` for what follows the last."""
    match = BLOCK.match(node)
    if match:
        return int(match[1])
    is_head = node.split("/")[0] in (ENCODER, "encoder_activation", "bottleneck_norm", "bottleneck")
    return -1 if is_head else blocks


def _costs(model: onnx.ModelProto, places: Sequence[int], blocks: int) -> list[float]:
    """Count multiplications per block; the first one includes the head, the last one encoder and decoders."""
    weights = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    cells = {name: shape[2] * shape[3] for name, shape in _shapes(model).items() if len(shape) == 4}
    costs = [0.0] * blocks
    for node, place in zip(model.graph.node, places, strict=True):
        if node.op_type == "Conv":
            products = weights[node.input[1]] * cells[node.output[0]]
            costs[min(max(place, 0), blocks - 1)] += products
            if node.name == ENCODER:
                costs[-1] += products
    return costs


def _cut_tensors(model: onnx.ModelProto, places: Sequence[int], block: int) -> CutTensors:
    """Return what ``block`` and all blocks after it take from the nodes before it, except the representation."""
    before: dict[str, None] = {}
    needed: set[str] = set()
    for node, place in zip(model.graph.node, places, strict=True):
        if place >= block:
            needed.update(node.input)
        elif place >= 0 or node.name.startswith("bottleneck"):
            before.update(dict.fromkeys(node.output))
    return tuple(name for name in before if name in needed)


def cut_out(
    model: onnx.ModelProto, inputs: CutTensors, outputs: CutTensors, contract: GraphContract
) -> onnx.ModelProto:
    """Return a model of the nodes between two cuts."""
    nodes, needed = [], set(outputs)
    for node in reversed(model.graph.node):
        if set(node.output) & needed - set(inputs):
            nodes.append(node)
            needed.update(node.input)
    shapes = _shapes(model)
    ports = [name for name in (*(port.name for port in model.graph.input), *inputs) if name in needed]
    computed = {name for node in nodes for name in node.output}
    graph = helper.make_graph(
        nodes[::-1],
        model.graph.name,
        [_port(name, shapes) for name in ports],
        [_port(name, shapes) for name in outputs],
        [tensor for tensor in model.graph.initializer if tensor.name in needed],
        value_info=[info for info in model.graph.value_info if info.name in computed - set(outputs)],
    )
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    part.producer_name, part.producer_version = model.producer_name, model.producer_version
    helper.set_model_props(part, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(part, full_check=True)
    return part


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    infos = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    return {info.name: tuple(each.dim_value for each in info.type.tensor_type.shape.dim) for info in infos}


def _port(name: str, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])


def digest_of_weights(model: onnx.ModelProto) -> str:
    """Identify an export: segments of different exports must not be combined."""
    weights = (tensor.name.encode() + tensor.raw_data for tensor in model.graph.initializer)
    return digest_of_bytes(b"".join(weights))[:DIGEST_CHARACTERS]
