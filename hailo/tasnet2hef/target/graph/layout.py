"""The letter (N, C, H, W) of each ONNX axis, and the compiler's NHWC shape that follows from the letters.

The compiler keeps every tensor as `[batch, height, width, features]`, batch written -1, for any
ONNX order.  A layout such as `NCHW` or `NCW` names the axes of an ONNX tensor one letter each; a
transpose or a squeeze only changes the layout, and so costs nothing.  `S` is the fifth axis of a 5-D
tensor (sources, in a Conv-TasNet), which has no place in NHWC.
"""

from __future__ import annotations

from tasnet2hef.target.graph.onnx_node import Shape

HN_AXES = "NHWC"
_BY_RANK = {0: "", 1: "C", 2: "NC", 3: "NCW", 4: "NCHW", 5: "NSCHW"}
_HN_ORDER_5D = "NSHWC"


def default_layout(rank: int) -> str:
    """Return the channels-first layout of a tensor of `rank` axes; `?` per axis above five."""
    return _BY_RANK.get(rank, "?" * rank)


def hn_shape(shape: Shape, layout: str) -> Shape:
    """Return the NHWC shape, batch -1, of an ONNX `shape` whose axes are `layout`.

    >>> hn_shape((1, 512, 1, 1999), "NCHW")
    (-1, 1, 1999, 512)
    """
    if "?" in layout:
        return (-1, *shape[1:])
    sizes = dict(zip(layout, shape, strict=True))
    order = _HN_ORDER_5D if "S" in sizes else HN_AXES
    return tuple(-1 if letter == "N" else sizes.get(letter, 1) for letter in order)


def letter_size(shape: Shape, letter: str) -> int:
    """Return the size of axis `letter` in an NHWC `shape`; the batch counts as 1."""
    order = _HN_ORDER_5D if len(shape) == 5 else HN_AXES
    if letter == "N" or letter not in order or len(shape) not in (4, 5):
        return 1
    return shape[order.index(letter)]


def with_sizes(shape: Shape, **sizes: int) -> Shape:
    """Return an NHWC `shape` with the named axes (H, W, C) replaced."""
    order = _HN_ORDER_5D if len(shape) == 5 else HN_AXES
    return tuple(sizes.get(letter, size) for letter, size in zip(order, shape, strict=True))


def significant_sizes(shape: Shape) -> tuple[int, ...]:
    """Return the sizes above one of an NHWC `shape`: if these are equal, so is the data in memory.

    >>> significant_sizes((-1, 1, 1999, 512))
    (1999, 512)
    """
    return tuple(size for size in shape[1:] if size != 1)


def elements(shape: Shape) -> int:
    """Return how many values an NHWC `shape` holds for one frame (the batch axis counts once)."""
    total = 1
    for size in shape[1:]:
        total *= size
    return total
