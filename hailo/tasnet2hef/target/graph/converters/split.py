"""Split: `feature_splitter` over features, `spatial_splitter` over height or width."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.heads import INNER
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Split")
def convert_split(node: OnnxNode, build: Builder) -> None:
    """Convert a split into constant parts; each output keeps its own shape."""
    source = build.value(node.inputs[0])
    letter = source.letter(node.integer("axis", 0))
    if letter in INNER and node.input_shapes[0] is not None:
        _split_packed(node, build, source, letter)
        return
    if letter == "C" and set(INNER) & set(source.layout) and node.input_shapes[0] is not None:
        _split_each_head(node, build, source)
        return
    if letter not in "HWC" or len(source.shape) != 4:
        raise Unsupported(f"Split over axis {letter} of a tensor with axes {source.layout}")
    sizes = _sizes(node, letter_size(source.shape, letter))
    type_ = "feature_splitter" if letter == "C" else "spatial_splitter"
    first = with_sizes(source.shape, **{letter: sizes[0]})
    splitter = build.add(node, type_, [source], first, {"split_sizes": sizes}, layout=source.layout)
    for tensor, size in zip(node.outputs, sizes, strict=True):
        build.bind(tensor, Value(splitter.draft, with_sizes(source.shape, **{letter: size}), source.layout))


def _split_packed(node: OnnxNode, build: Builder, source: Value, letter: str) -> None:
    """Split tensors that are packed side by side among the features; each keeps its axis, of size 1."""
    axis = node.integer("axis", 0)
    sizes = _sizes(node, (node.input_shapes[0] or ())[axis])
    if letter != next(each for each in INNER if each in source.layout) or set(sizes) != {1}:
        raise Unsupported(f"Split over axis {letter} of a tensor with axes {source.layout}")
    part = letter_size(source.shape, "C") // len(sizes)
    shape = with_sizes(source.shape, C=part)
    params = {"split_sizes": (part,) * len(sizes)}
    splitter = build.add(node, "feature_splitter", [source], shape, params, layout=source.layout)
    for tensor in node.outputs:
        build.bind(tensor, Value(splitter.draft, shape, source.layout))


def _split_each_head(node: OnnxNode, build: Builder, source: Value) -> None:
    """Split the features of each head: queries, keys and values that lie side by side in it."""
    known = (node.input_shapes[0] or ())[node.integer("axis", 0)]
    heads = letter_size(source.shape, "C") // known
    sizes = tuple(size * heads for size in _sizes(node, known))
    first = with_sizes(source.shape, C=sizes[0])
    splitter = build.add(node, "feature_splitter", [source], first, {"split_sizes": sizes}, layout=source.layout)
    for tensor, size in zip(node.outputs, sizes, strict=True):
        build.bind(tensor, Value(splitter.draft, with_sizes(source.shape, C=size), source.layout))


def _sizes(node: OnnxNode, total: int) -> tuple[int, ...]:
    sizes = node.integers("split")
    if sizes is None and node.has_input(1):
        sizes = node.integer_values(1)
        if sizes is None:
            raise Unsupported("Split into parts that are not constant")
    if sizes is None:
        count = len(node.outputs)
        part = -(-total // count)
        sizes = (*(part,) * (count - 1), total - part * (count - 1))
    if sum(sizes) != total or len(sizes) != len(node.outputs) or min(sizes) < 1:
        raise Unsupported(f"Split of {total} into {list(sizes)} for {len(node.outputs)} outputs")
    return sizes
