"""Draw convolutions, poolings and dense layers."""

from __future__ import annotations

import math
import re

from tests.target.rules.verdicts.pen import Pair, Pen, draws, refuse
from tests.target.rules.verdicts.shapes import Shape


@draws("Conv")
def draw_conv(pen: Pen) -> None:
    """Draw a 2-D convolution; kernel, stride, dilation and groups as the row states them."""
    if len(pen.shape) != 4:
        draw_conv1d(pen)
        return
    target, stated = pen.target(), pen.features()
    _take_features(pen, stated[0] if stated else None)
    features = pen.shape[1]
    filters = stated[1] if stated else target[1] if target and len(target) == 4 else features
    groups = _groups(pen, features)
    kernel, stride, dilation = _window(pen, target)
    pads = _pads(pen, kernel, stride, dilation)
    spatial = tuple(
        (size + 2 * pad - (k - 1) * d - 1) // s + 1
        for size, pad, k, d, s in zip(pen.shape[2:], pads, kernel, dilation, stride, strict=True)
    )
    if min(spatial) < 1 or filters % groups:
        raise refuse(f"a kernel of {kernel} does not fit the stated {list(pen.shape)}")
    name = pen.draw.conv(
        pen.tensor,
        features,
        filters,
        kernel,
        strides=stride,
        dilations=dilation,
        pads=[*pads, *pads],
        group=groups,
    )
    pen.move(name, (1, filters, *spatial))


@draws("Conv1d")
def draw_conv1d(pen: Pen) -> None:
    """Draw a convolution over three axes."""
    shape = pen.shape if len(pen.shape) == 3 else (1, pen.shape[1], max(pen.shape[2:]))
    pen.move(pen.draw.input(*shape), shape)
    name = pen.draw.conv(pen.tensor, shape[1], shape[1], (3,), pads=[1, 1])
    pen.move(name, shape)


@draws("Conv3d")
def draw_conv3d(pen: Pen) -> None:
    """Draw a convolution over five axes."""
    shape = pen.shape if len(pen.shape) == 5 else (1, 4, 8, 16, 16)
    pen.move(pen.draw.input(*shape), shape)
    pen.move(pen.draw.conv(pen.tensor, shape[1], 8, (3, 3, 3), pads=[1] * 6), (1, 8, *shape[2:]))


@draws("ConvTranspose")
def draw_deconv(pen: Pen) -> None:
    """Draw a transposed convolution."""
    target, stated = pen.target(), pen.features()
    _take_features(pen, stated[0] if stated else None)
    features = pen.shape[1]
    groups = pen.row.number("groups", "group", "onnx_groups") or pen.number(r"groups\s*=?\s*(\d+)") or 1
    filters = stated[1] if stated else target[1] if target else max(features // 2, groups)
    kernel = pen.row.pair("kernel", "kernel_shape") or _pair_in(pen.text) or (2, 2)
    stride = pen.row.pair("stride", "strides") or _stride_in(pen.text, kernel) or (2, 2)
    if filters % groups or features % groups:
        raise refuse(f"{groups} groups do not divide {features} and {filters} features")
    name = pen.draw.deconv(pen.tensor, features, filters, kernel, strides=stride, group=groups)
    spatial = tuple((n - 1) * s + k for n, s, k in zip(pen.shape[2:], stride, kernel, strict=True))
    pen.move(name, (1, filters, *spatial))


@draws("Linear", "Gemm")
def draw_dense(pen: Pen) -> None:
    """Draw a dense layer, behind a Flatten where the tensor has more than two axes."""
    target, stated = pen.target(), pen.features()
    if len(pen.shape) > 2:
        pen.put("Flatten", shape=(1, math.prod(pen.shape[1:])), axis=1)
    filters = stated[1] if stated else target[-1] if target else 10
    pen.put("Gemm", pen.draw.weight(pen.shape[1], filters), shape=(1, filters))


@draws("MaxPool", "AveragePool")
def draw_pool(pen: Pen) -> None:
    """Draw a pooling; of a stated kernel, else 2 x 2 (1 x 2 on one row)."""
    kernel = pen.row.pair("kernel", "kernel_shape") or _pair_in(pen.named.text) or (min(2, pen.shape[2]), 2)
    stride = pen.row.pair("stride", "strides") or kernel
    spatial = tuple((n - k) // s + 1 for n, k, s in zip(pen.shape[2:], kernel, stride, strict=True))
    if min(spatial) < 1:
        raise refuse(f"a window of {kernel} does not fit the stated {list(pen.shape)}")
    shape = (1, pen.shape[1], *spatial)
    pen.put(pen.named.operator, shape=shape, kernel_shape=kernel, strides=stride)


@draws("GlobalAveragePool", "GlobalMaxPool")
def draw_global_pool(pen: Pen) -> None:
    """Draw a pooling over all positions; without a stated size over 7 x 7."""
    if not pen.row.shapes and pen.tensor == pen.first:
        pen.move(pen.draw.input(1, 16, 7, 7), (1, 16, 7, 7))
    pen.put(pen.named.operator, shape=(*pen.shape[:2], 1, 1))


def _take_features(pen: Pen, features: int | None) -> None:
    """Start from another input where the text states other features than the shape."""
    if features is None or features == pen.shape[1] or pen.tensor != pen.first:
        return
    shape = (1, features, *pen.shape[2:])
    pen.move(pen.draw.input(*shape), shape)


def _groups(pen: Pen, features: int) -> int:
    stated = pen.row.number("groups", "group", "onnx_groups") or pen.number(r"groups?\s*=?\s*(\d+)")
    if stated:
        return stated if features % stated == 0 else 1
    if pen.says(r"depthwise|\bdw\b"):
        return features
    return 4 if pen.says(r"grouped") and features % 4 == 0 else 1


def _window(pen: Pen, target: Shape | None) -> tuple[Pair, Pair, Pair]:
    row = pen.row
    kernel = row.pair("kernel", "kernel_shape") or _pair_in(pen.named.text) or _pair_in(pen.text)
    if kernel is None:
        kernel = (min(3, pen.shape[2]), min(3, pen.shape[3])) if not target else (1, 1)
    stride = row.pair("stride", "strides") or _stride_in(pen.text, kernel) or (1, 1)
    dilation = row.pair("dilation", "dilations")
    if dilation is None:
        step = pen.number(r"\bd(?:ilation)?\s*=?\s*(\d+)\b") or (2 if pen.says("dilated|dilation") else 1)
        dilation = tuple(step if size > 1 else 1 for size in kernel)  # type: ignore[assignment]
    return kernel, stride, dilation or (1, 1)


def _pads(pen: Pen, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
    stated = pen.row.params.get("padding", pen.row.params.get("pads"))
    if stated == "VALID":
        return (0, 0)
    same = tuple((k - 1) * d // 2 for k, d in zip(kernel, dilation, strict=True))
    patches = stride == kernel and max(stride) > 1
    return (0, 0) if patches else (same[0], same[1])


def _pair_in(text: str) -> Pair | None:
    found = re.search(r"(?<![\d\]])(\d{1,2})\s?x\s?(\d{1,2})(?![\dx])|\((\d{1,2}),\s*(\d{1,2})\)", text)
    if not found:
        return None
    first, second = [int(group) for group in found.groups() if group]
    return (first, second)


def _stride_in(text: str, kernel: Pair) -> Pair | None:
    found = re.search(r"\bs(?:tride)?\s*=?\s*\(?(\d{1,2})(?:\s*,\s*(\d{1,2})\))?", text)
    if not found:
        return None
    first = int(found[1])
    if found[2]:
        return (first, int(found[2]))
    return (first if kernel[0] > 1 else 1, first if kernel[1] > 1 else 1)
