"""Slice, and Gather of consecutive constant indices: `slice` over height, width and features."""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.heads import INNER
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode

Span = tuple[int, int, int]
_PARAMS = {"H": "height_slice", "W": "width_slice", "C": "features_slice"}


@converts("Slice")
def convert_slice(node: OnnxNode, build: Builder) -> None:
    """Convert a slice with constant ends and positive steps; one that keeps everything is dropped."""
    source = build.value(node.inputs[0])
    spans: dict[str, Span] = {}
    for axis, start, end, step in _ranges(node):
        letter = source.letter(axis)
        size, part = _extent(node, source, axis)
        if step < 1:
            raise Unsupported(f"Slice with step {step}; only positive steps are supported")
        first, last = _clamped(start, size), _clamped(end, size)
        if (first, last, step) == (0, size, 1):
            continue
        if letter == "C" and set(INNER) & set(source.layout):
            raise Unsupported(f"Slice {first}:{last} of each head's features")
        if letter in INNER and step == 1:
            spans["C"] = (first * part, last * part, 1)
            continue
        if letter not in _PARAMS or len(source.shape) != 4:
            raise Unsupported(f"Slice over axis {letter} of a tensor with axes {source.layout}")
        if last <= first:
            raise Unsupported(f"Slice {start}:{end} of {size} keeps nothing")
        spans[letter] = (first, last, step)
    if not spans:
        build.alias(node, source)
        return
    build.bind(node.outputs[0], add_slice(node, build, source, spans))


def _extent(node: OnnxNode, source: Value, axis: int) -> tuple[int, int]:
    """Return the size of an axis, and how many features one step along it takes if it is part of the features."""
    letter, known = source.letter(axis), node.input_shapes[0]
    if letter == "C" and known is not None and set(INNER) & set(source.layout):
        return known[axis], letter_size(source.shape, "C") // known[axis]
    if letter not in INNER or known is None:
        return letter_size(source.shape, letter), 1
    if letter != next(each for each in INNER if each in source.layout):
        raise Unsupported(f"{node.op_type} over axis {letter} of a tensor with axes {source.layout}")
    return known[axis], letter_size(source.shape, "C") // known[axis]


@converts("Gather")
def convert_gather(node: OnnxNode, build: Builder) -> None:
    """Convert a Gather of consecutive constant indices; others are refused, as recorded."""
    if build.is_constant(node.inputs[0]):
        raise Unsupported("Gather from a constant table by a computed index")
    indices = node.integer_values(1)
    if not indices:
        raise Unsupported("Gather without a small constant index")
    source = build.value(node.inputs[0])
    letter = source.letter(node.integer("axis", 0))
    if letter in INNER and node.input_shapes[0] is not None:
        _take_packed(node, build, source, indices[0])
        return
    size = letter_size(source.shape, letter)
    first = _clamped(indices[0], size)
    if letter not in _PARAMS or len(source.shape) != 4:
        raise Unsupported(f"Gather over axis {letter} of a tensor with axes {source.layout}")
    if [_clamped(index, size) for index in indices] != list(range(first, first + len(indices))):
        raise Unsupported(f"Gather of {list(indices)}, which are not consecutive")
    value = add_slice(node, build, source, {letter: (first, first + len(indices), 1)})
    known = node.input_shapes[1]
    if known == ():
        value = replace(value, layout=value.layout.replace(letter, ""))
    build.bind(node.outputs[0], value)


def _take_packed(node: OnnxNode, build: Builder, source: Value, index: int) -> None:
    """Take one of the tensors that are packed side by side among the features."""
    axis = node.integer("axis", 0)
    letter, (count, part) = source.letter(axis), _extent(node, source, axis)
    if node.input_shapes[1] != ():
        raise Unsupported(f"Gather over axis {letter} of a tensor with axes {source.layout}")
    first = _clamped(index, count) * part
    value = add_slice(node, build, source, {"C": (first, first + part, 1)})
    build.bind(node.outputs[0], replace(value, layout=value.layout.replace(letter, "")))


def add_slice(node: OnnxNode, build: Builder, source: Value, spans: dict[str, Span]) -> Value:
    """Add a slice layer; `spans` are (start, end, step) per letter."""
    sizes = {letter: -(-(last - first) // step) for letter, (first, last, step) in spans.items()}
    params: dict[str, ParamValue] = {
        name: spans.get(letter, (0, letter_size(source.shape, letter), 1)) for letter, name in _PARAMS.items()
    }
    shape = with_sizes(source.shape, **sizes)
    return build.add(node, "slice", [source], shape, params, layout=source.layout)


def _ranges(node: OnnxNode) -> list[tuple[int, int, int, int]]:
    starts = node.integers("starts") or node.integer_values(1)
    ends = node.integers("ends") or node.integer_values(2)
    if starts is None or ends is None:
        raise Unsupported("Slice with ends that are not constant")
    axes = node.integers("axes") or _optional(node, 3) or tuple(range(len(starts)))
    steps = _optional(node, 4) or (1,) * len(starts)
    return list(zip(axes, starts, ends, steps, strict=True))


def _optional(node: OnnxNode, position: int) -> tuple[int, ...] | None:
    if not node.has_input(position):
        return None
    values = node.integer_values(position)
    if values is None:
        raise Unsupported("Slice with axes or steps that are not constant")
    return values


def _clamped(index: int, size: int) -> int:
    return min(max(index + size if index < 0 else index, 0), size)
