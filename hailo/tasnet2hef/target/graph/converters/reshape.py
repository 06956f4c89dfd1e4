"""Reshape, Flatten, Squeeze, Unsqueeze: free while only axes of size 1 are added or removed; else a shuffle.

Recorded: a Squeeze of a unit axis is part of the layer before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.normalization import add_group_norm
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.fused_patterns import channel_shuffle_at
from tasnet2hef.target.graph.group_norms import group_norm_at
from tasnet2hef.target.graph.heads import regrouped
from tasnet2hef.target.graph.layout import default_layout, letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

_DENSE = ("Gemm", "MatMul")


@converts("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def convert_reshape(node: OnnxNode, build: Builder) -> None:
    """Convert a change of axes; one that splits or merges axes is refused, except before a dense layer."""
    source = build.value(node.inputs[0])
    before, after = node.input_shapes[0], node.output_shapes[0]
    if before is None or after is None:
        raise Unsupported(f"{node.op_type} to a shape that is not known")
    if before == after:
        build.alias(node, source)
        return
    norm = group_norm_at(node, build.consumers)
    if norm is not None:
        add_group_norm(norm, build)
        return
    shuffle = channel_shuffle_at(node, build.consumers)
    if shuffle:
        _add_shuffle(shuffle, build, source)
        return
    layout = relabelled(source, before, after)
    if layout is None and node.index in build.attention:
        regroup(node, build, source, before, after)
        return
    if layout is None and len(after) == 2 and _only_dense_consumers(node, build):
        layout = "NC"
    if layout is None:
        raise Unsupported(f"{node.op_type} {list(before)} -> {list(after)} shuffles data between axes")
    build.bind(node.outputs[0], replace(build.absorb(node, source), layout=layout))


def relabelled(source: Value, before: Shape, after: Shape) -> str | None:
    """Return the layout after axes of size 1 were added or removed, or None when others changed."""
    if len(after) > 5 or "?" in source.layout or len(before) != len(source.layout):
        return None
    significant = [letter for letter, size in zip(source.layout, before, strict=True) if size != 1]
    if [size for size in before if size != 1] != [size for size in after if size != 1]:
        return None
    return _placed(significant, after)


def _add_shuffle(nodes: Sequence[OnnxNode], build: Builder, source: Value) -> None:
    """Add the layer of a channel shuffle, and the value of each of its nodes."""
    value = build.channels_first(nodes[0], source)
    groups = (nodes[0].output_shapes[0] or (1, 1))[1]
    names = [node.name for node in nodes]
    value = build.add(
        nodes[0], "feature_shuffle", [value], value.shape, {"groups": groups}, layout=value.layout, names=names
    )
    value.draft.onnx[:] = nodes
    value.draft.onnx_shape = nodes[-1].output_shapes[0]
    for node in nodes:
        build.bind(node.outputs[0], value)


def regroup(node: OnnxNode, build: Builder, source: Value, before: Shape, after: Shape) -> None:
    """Convert a reshape of an attention: the compiler's shape stays, but rows and columns may become one axis.

    Raises Unsupported for any other.
    """
    axes = [(letter, size) for letter, size in zip(source.layout, before, strict=True) if size != 1]
    letters = regrouped(axes, [size for size in after if size != 1])
    layout = None if letters is None else _placed(list(letters), after)
    if layout is None or len(source.shape) != 4:
        raise Unsupported(f"{node.op_type} {list(before)} -> {list(after)} shuffles data between axes")
    shape: Shape = source.shape
    if "H" in source.layout and "H" not in layout:
        rows, columns = (letter_size(source.shape, letter) for letter in "HW")
        shape = with_sizes(source.shape, H=1, W=rows * columns)
    value = replace(build.absorb(node, source), layout=layout, shape=shape)
    build.bind(node.outputs[0], value)


def _placed(significant: Sequence[str], after: Shape) -> str:
    """Return a layout with the letters of the axes larger than 1, and free ones for those of size 1."""
    free = [letter for letter in "N" + default_layout(max(len(after), 4))[1:] if letter not in significant]
    remaining = iter(significant)
    letters = [next(remaining) if size != 1 else "" for size in after]
    if letters and not letters[0] and "N" in free:
        letters[0] = "N"
        free.remove("N")
    preferred = default_layout(len(after))
    for axis, letter in enumerate(letters):
        if not letter:
            chosen = preferred[axis] if preferred[axis] in free else free[0] if free else "?"
            letters[axis] = chosen
            if chosen in free:
                free.remove(chosen)
    return "".join(letters)


def _only_dense_consumers(node: OnnxNode, build: Builder) -> bool:
    consumers = build.consumers.get(node.outputs[0], ())
    return bool(consumers) and all(consumer.op_type in _DENSE for consumer in consumers)
