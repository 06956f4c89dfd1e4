"""Attentions: products of two tensors with a softmax between them, and the reshapes that make and merge heads.

The compiler keeps the heads among the features [recorded: a split of them parsed as a shortcut of the old shape];
vision transformers and text encoders in PyTorch's form compile [recorded].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.graph.ordering import consumers_of

_SHAPES = (
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Split",
    "Gather",
    "Slice",
    "Flatten",
    "Identity",
    "Cast",
)
_SCALES = ("Mul", "Div")
_IN_SCORES = ("Add", "Sub", "Where", "Max", "Clip", "Dropout")
_AFTER_PATCHES = ("Concat", "Add", "Mul", "LayerNormalization", "ReduceMean")


def attention_nodes(nodes: Sequence[OnnxNode], is_constant: Callable[[str], bool]) -> frozenset[int]:
    """Return the indices of the nodes of attentions: products, softmax, and what shapes the heads."""
    producers = {tensor: node for node in nodes for tensor in node.outputs if tensor}
    consumers = consumers_of(nodes)
    found: set[int] = set()
    for softmax in (node for node in nodes if node.op_type == "Softmax"):
        before, after = tuple(_behind(softmax, producers, is_constant)), tuple(_ahead(softmax, consumers))
        scores, mixed = _product(before, is_constant), _product(after, is_constant)
        if scores is None or mixed is None:
            continue
        found.update(node.index for node in (softmax, *before, *after))
        found.update(_shaping_before((*scores.inputs, *mixed.inputs), producers, is_constant))
        found.update(_shaping_after(mixed, consumers))
    return frozenset(found | _tokens_of_maps(nodes, consumers, found))


def _behind(
    softmax: OnnxNode, producers: Mapping[str, OnnxNode], is_constant: Callable[[str], bool]
) -> Iterable[OnnxNode]:
    """Yield the nodes in front of a softmax: a scale, a mask, then the product of queries and keys."""
    tensor = softmax.inputs[0]
    for _ in range(8):
        node = producers.get(tensor)
        if node is None:
            return
        yield node
        if node.op_type not in (*_SCALES, *_IN_SCORES, *_SHAPES):
            return  # the product
        varying = [name for name in node.inputs if name and not is_constant(name)]
        if not varying:
            return
        tensor = varying[-1] if node.op_type == "Where" else varying[0]


def _ahead(softmax: OnnxNode, consumers: Mapping[str, Sequence[OnnxNode]]) -> Iterable[OnnxNode]:
    """Yield the nodes behind a softmax, up to the product with the values."""
    node = softmax
    for _ in range(6):
        readers = consumers.get(node.outputs[0], ())
        if not readers:
            return
        node = readers[0]
        yield node
        if node.op_type not in (*_IN_SCORES, *_SCALES, *_SHAPES):
            return


def _product(nodes: Iterable[OnnxNode], is_constant: Callable[[str], bool]) -> OnnxNode | None:
    """Return the first product among some nodes that is no dense layer; learnt queries are a constant."""
    return next(
        (node for node in nodes if node.op_type == "MatMul" and not any(map(is_constant, node.inputs[1:]))), None
    )


def _shaping_before(
    tensors: Iterable[str], producers: Mapping[str, OnnxNode], is_constant: Callable[[str], bool]
) -> set[int]:
    """Return the nodes that make heads of what a layer with weights wrote."""
    found: set[int] = set()
    front = list(tensors)
    while front:
        node = producers.get(front.pop())
        if node is None or node.index in found:
            continue
        scaled = node.op_type in _SCALES and any(map(is_constant, node.inputs))
        if node.op_type in _SHAPES or scaled:
            found.add(node.index)
            front.extend(node.inputs)
    return found


def _shaping_after(mixed: OnnxNode, consumers: Mapping[str, Sequence[OnnxNode]]) -> set[int]:
    """Return the nodes that merge heads, and the dense layer behind them."""
    found: set[int] = set()
    front = [mixed]
    while front:
        for reader in consumers.get(front.pop().outputs[0], ()):
            if reader.op_type in (*_SHAPES, "Gemm", "MatMul") and reader.index not in found:
                found.add(reader.index)
                front.extend([reader] if reader.op_type in _SHAPES else [])
    return found


def _tokens_of_maps(
    nodes: Sequence[OnnxNode], consumers: Mapping[str, Sequence[OnnxNode]], attention: set[int]
) -> set[int]:
    """Return nodes that make tokens of a map: a class token, positions, a norm or an attention follows them.

    Tokens that go into a dense layer of another kind, and back to a map, were refused.
    """
    found = set[int]()
    for node in nodes:
        if node.op_type not in ("Reshape", "Flatten", "Squeeze"):
            continue
        if (len(node.input_shapes[0] or ()), len(node.output_shapes[0] or ())) != (4, 3):
            continue
        readers = consumers.get(node.outputs[0], ())
        turns = [reader for reader in readers if reader.op_type == "Transpose"]
        tokens = [tensor for turn in turns for tensor in turn.outputs] or list(node.outputs)
        after = [reader for tensor in tokens for reader in consumers.get(tensor, ())]
        if after and all(_takes_tokens(reader, consumers, attention) for reader in after):
            found.update((node.index, *(turn.index for turn in turns)))
    return found


def _takes_tokens(node: OnnxNode, consumers: Mapping[str, Sequence[OnnxNode]], attention: set[int]) -> bool:
    """Return whether a node is one that vision transformers have behind their patches."""
    if node.op_type not in ("MatMul", "Gemm"):
        return node.op_type in _AFTER_PATCHES
    readers = list(consumers.get(node.outputs[0], ()))
    readers += [
        after for reader in readers if reader.op_type == "Add" for after in consumers.get(reader.outputs[0], ())
    ]
    return any(reader.index in attention for reader in readers)
