"""Draw what changes or cuts axes: reshapes, transposes, slices, splits, concatenations, padding."""

from __future__ import annotations

import math
import re

from tests.target.rules.verdicts.pen import Pen, draws, refuse
from tests.target.rules.verdicts.shapes import Shape, stated_shapes


@draws("Reshape")
def draw_reshape(pen: Pen) -> None:
    """Draw a reshape between stated shapes, or one whose place in a chain says what it does."""
    if pen.says("0 beyond"):
        pen.put("Reshape", pen.draw.integers(*([0] * (len(pen.shape) + 1))))
        return
    stated = [shape.nchw for shape in stated_shapes(pen.named.text)]
    if len(stated) >= 2:
        pen.move(pen.draw.input(*stated[0]), stated[0])
        pen.targets.insert(0, stated[1])
    shape = pen.target() if pen.targets and math.prod(pen.targets[0]) == math.prod(pen.shape) else _implied(pen)
    pen.put("Reshape", pen.draw.integers(*shape), shape=shape)


def _implied(pen: Pen) -> Shape:
    """Return the only sensible result of a reshape in its chain."""
    if pen.followers[:1] in (["Linear"], ["Gemm"], ["MatMul"]):
        return (1, math.prod(pen.shape[1:]))
    if len(pen.shape) == 5:
        return (pen.shape[0], pen.shape[1] * pen.shape[2], *pen.shape[3:])
    if len(pen.shape) == 3 and pen.followers[:1] == ["Conv"]:
        return (*pen.shape[:2], 1, pen.shape[2])
    if len(pen.shape) == 4 and len(pen.first_shape) == 3 and pen.shape[2] == 1:
        return (*pen.shape[:2], pen.shape[3])
    raise refuse("a Reshape whose shapes are not stated")


@draws("DynamicReshape")
def draw_dynamic_reshape(pen: Pen) -> None:
    """Draw x.reshape(x.size(0), -1)."""
    batch = pen.draw.node("Gather", pen.draw.node("Shape", pen.tensor), pen.draw.integers(0), axis=0)
    size = pen.draw.node("Concat", batch, pen.draw.integers(-1), axis=0)
    pen.put("Reshape", size, shape=(1, math.prod(pen.shape[1:])))
    pen.put("Gemm", pen.draw.weight(pen.shape[1], 10), shape=(1, 10))
    pen.followers.clear()


@draws("Tensordot")
def draw_tensordot(pen: Pen) -> None:
    """Draw a Keras dense layer over three axes: rows gathered in two axes, multiplied, spread out again."""
    shape = pen.shape if len(pen.shape) == 3 else (1, 100, 64)
    pen.move(pen.draw.input(*shape), shape)
    pen.put("Reshape", pen.draw.integers(shape[1], shape[2]))
    pen.put("MatMul", pen.draw.weight(shape[2], 32))
    pen.put("Reshape", pen.draw.integers(1, shape[1], 32), shape=(1, shape[1], 32))


@draws("Flatten")
def draw_flatten(pen: Pen) -> None:
    """Draw a Flatten of everything but the batch."""
    pen.put("Flatten", shape=(1, math.prod(pen.shape[1:])), axis=1)


@draws("Squeeze")
def draw_squeeze(pen: Pen) -> None:
    """Draw a Squeeze of the height; between layers where the row says so."""
    if len(pen.shape) != 4 or pen.shape[2] != 1:
        pen.move(pen.draw.input(1, 16, 1, 100), (1, 16, 1, 100))
    pen.put("Relu")
    if pen.followers[:1] == ["Linear"] and pen.shape[2:] == (1, 1):
        pen.put("Squeeze", pen.draw.integers(2, 3), shape=pen.shape[:2])
        return
    pen.put("Squeeze", pen.draw.integers(2), shape=(*pen.shape[:2], pen.shape[3]))
    if pen.says("between|middle|inside"):
        pen.put("Tanh")


@draws("Unsqueeze")
def draw_unsqueeze(pen: Pen) -> None:
    """Draw an Unsqueeze of a new axis 2."""
    pen.put("Unsqueeze", pen.draw.integers(2), shape=(*pen.shape[:2], 1, *pen.shape[2:]))


@draws("Tile")
def draw_tile(pen: Pen) -> None:
    """Draw a repeat of the batch, of an axis of size 1, or of the width."""
    place = 0 if pen.says("batch") else pen.shape.index(1, 1) if 1 in pen.shape[1:] else len(pen.shape) - 1
    repeats = [1] * len(pen.shape)
    repeats[place] = 4
    shape = tuple(size * times for size, times in zip(pen.shape, repeats, strict=True))
    pen.put("Tile", pen.draw.integers(*repeats), shape=shape)


@draws("Expand")
def draw_expand(pen: Pen) -> None:
    """Draw an Expand to the chain's first shape, or of a single head to four."""
    if pen.tensor != pen.first:
        shape = pen.first_shape
        if len(shape) != len(pen.shape):
            place = pen.shape.index(1, 1) if 1 in pen.shape[1:] else 0
            shape = tuple(4 if axis == place else size for axis, size in enumerate(pen.shape))
        pen.put("Expand", pen.draw.integers(*shape), shape=shape)
        return
    target = pen.target() or (1, 4, 8, 64)
    shape = pen.shape if pen.row.shapes else (1, 1, 8, 64)
    pen.move(pen.draw.input(*shape), shape)
    pen.put("Expand", pen.draw.integers(*target), shape=target)
    if "Reshape" in pen.followers:
        pen.put("Relu")


@draws("Transpose")
def draw_transpose(pen: Pen) -> None:
    """Draw a transpose of a stated order."""
    order = pen.row.params.get("perm", pen.row.params.get("order"))
    found = re.search(r"perm\s*=?\s*[\[(]([\d,\s]+)[\])]|\((\d(?:\s*,\s*\d){2,4})\)", pen.text)
    if not isinstance(order, list) and found:
        order = [int(axis) for axis in (found[1] or found[2]).split(",")]
    if not isinstance(order, list) and len(pen.shape) == 3:
        order = [0, 2, 1]
    if not isinstance(order, list):
        raise refuse("a Transpose whose order of axes is not stated")
    if len(order) != len(pen.shape):
        shape = {3: (1, 100, 64), 4: (1, 4, 16, 100), 5: (1, 2, 8, 16, 16)}.get(len(order), pen.shape)
        pen.move(pen.draw.input(*shape), shape)
    pen.put("Transpose", shape=tuple(pen.shape[axis] for axis in order), perm=order)
    pen.put("Relu")


@draws("Slice")
def draw_slice(pen: Pen) -> None:
    """Draw the stated parts, or the first half of an axis: the stated one, features, or of three axes the last."""
    axis = (pen.axes() or (-1 if len(pen.shape) == 3 else 1,))[0]
    _take_rank(pen, 5 if axis > 3 else pen.number(r"rank[- ]?(\d)") or len(pen.shape))
    step = -1 if pen.says(r"negative step|steps? ?=? ?\[?-\d|revers|flip") else 1
    parts = _parts(pen)
    if parts:
        shape = (1, sum(parts), *pen.shape[2:])
        pen.move(pen.draw.input(*shape), shape)
        starts = [sum(parts[:place]) for place in range(len(parts))]
        pen.loose += [_slice(pen, start, start + size, 1) for start, size in zip(starts, parts, strict=True)]
        pen.move("", ())
        return
    size = pen.shape[axis]
    ends = (size - 1, -(size + 1), step) if step < 0 else (0, max(size // 2, 1), step)
    shape = tuple(
        (max(n // 2, 1) if step > 0 else n) if place == axis % len(pen.shape) else n
        for place, n in enumerate(pen.shape)
    )
    name = pen.draw.node(
        "Slice",
        pen.tensor,
        pen.draw.integers(ends[0]),
        pen.draw.integers(ends[1]),
        pen.draw.integers(axis),
        pen.draw.integers(step),
    )
    pen.move(name, shape)


def _slice(pen: Pen, first: int, last: int, axis: int) -> str:
    return pen.draw.node(
        "Slice", pen.tensor, pen.draw.integers(first), pen.draw.integers(last), pen.draw.integers(axis)
    )


def _take_rank(pen: Pen, rank: int) -> None:
    shapes = {1: (8,), 2: (1, 64), 3: (1, 100, 64), 5: (1, 2, 8, 16, 16)}
    if rank != len(pen.shape) and rank in shapes:
        pen.move(pen.draw.input(*shapes[rank]), shapes[rank])


def _parts(pen: Pen) -> list[int]:
    found = re.search(r"\d+(?:\s*[/+]\s*\d+)+", pen.named.text)
    return [int(size) for size in re.split(r"[/+]", found[0])] if found else []


@draws("Split")
def draw_split(pen: Pen) -> None:
    """Draw a split over features; its parts end the graph, are left unused, or are read, as the row says."""
    parts = _parts(pen) or [pen.shape[1] // 2, pen.shape[1] - pen.shape[1] // 2]
    if sum(parts) != pen.shape[1]:
        shape = (1, sum(parts), 1, 8)
        pen.move(pen.draw.input(*shape), shape)
    axis = (pen.axes() or (1,))[0]
    first = pen.draw.node("Split", pen.tensor, pen.draw.integers(*parts), count=len(parts), axis=axis)
    names = [first, *(f"{first}_{number}" for number in range(2, len(parts) + 1))]
    if not pen.says("output"):
        names = [pen.draw.node("Relu", name) for name in names]
    pen.loose += names[:1] if pen.says("unused") else names
    pen.move("", ())


@draws("Concat")
def draw_concat(pen: Pen) -> None:
    """Draw a concatenation of the stated shapes; of one stated shape, of its two halves."""
    parts = [shape for shape in pen.targets if len(shape) == len(pen.shape)]
    axis = (pen.axes() or (1 if len(pen.shape) != 3 or not pen.row.shapes else 2,))[0]
    if pen.says("stack"):
        vectors = [pen.draw.node("Unsqueeze", pen.draw.input(1, 64), pen.draw.integers(1)) for _ in range(2)]
        pen.move(pen.draw.node("Concat", *vectors, axis=1), (1, 2, 64))
        return
    if pen.tensor == pen.first and not parts and pen.row.shapes and pen.shape[axis] > 1:
        half = pen.shape[axis] // 2
        sizes = [
            tuple(n if place != axis % len(pen.shape) else part for place, n in enumerate(pen.shape))
            for part in (half, pen.shape[axis] - half)
        ]
        inputs = [pen.draw.node("Relu", pen.draw.input(*size)) for size in sizes]
        pen.move(pen.draw.node("Concat", *inputs, axis=axis), pen.shape)
        return
    others = parts or [pen.shape]
    inputs = [pen.draw.node("Relu", pen.draw.input(*shape)) for shape in others]
    total = tuple(
        sum(shape[place] for shape in (pen.shape, *others)) if place == axis % len(pen.shape) else size
        for place, size in enumerate(pen.shape)
    )
    pen.move(pen.draw.node("Concat", pen.tensor, *inputs, axis=axis), total)


@draws("Pad")
def draw_pad(pen: Pen) -> None:
    """Draw padding of the width by two on the left, in the stated mode."""
    told = f"{pen.text} {pen.row.params.get('mode', '')}".lower()
    mode = "edge" if re.search(r"replic|\bedge\b", told) else "reflect" if "reflect" in told else "constant"
    rank = len(pen.shape)
    pads = [0] * (2 * rank)
    pads[rank - 1] = 2
    shape = (*pen.shape[:-1], pen.shape[-1] + 2)
    pen.put("Pad", pen.draw.integers(*pads), shape=shape, mode=mode)


@draws("Resize")
def draw_resize(pen: Pen) -> None:
    """Draw a resize to a stated shape, else by two."""
    target = pen.target()
    if target is None or target[:2] != pen.shape[:2]:
        target = (*pen.shape[:2], *(2 * size for size in pen.shape[2:]))
    mode = "nearest" if pen.says("nearest") and not pen.says("linear") else "linear"
    pen.put("Resize", "", "", pen.draw.integers(*target), shape=target, mode=mode)


@draws("DepthToSpace")
def draw_depth_to_space(pen: Pen) -> None:
    """Draw a pixel shuffle by two."""
    if pen.shape[1] % 4:
        raise refuse(f"{pen.shape[1]} features do not make blocks of 2 x 2")
    shape = (1, pen.shape[1] // 4, 2 * pen.shape[2], 2 * pen.shape[3])
    pen.put("DepthToSpace", shape=shape, blocksize=2)
