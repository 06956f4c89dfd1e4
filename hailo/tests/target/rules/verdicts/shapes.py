"""Read the shapes that a row states: "NHWC [1,1999,512]->[1,1999,128]", "HxWxC 1x500x80", "latent 2000x256"."""

from __future__ import annotations

import re
from dataclasses import dataclass

Shape = tuple[int, ...]

_LAYOUT = r"\b(?P<layout>NHWC|NCHW|NCT|NCL|NWC|NCW|HxWxC|HWC|WxHxC)\b"
_LIST = r"(?P<list>[\[(]\s*(?:-?\d+|[A-Za-z]\w{0,4})(?:\s*,\s*(?:-?\d+|[A-Za-z]\w{0,4}))+\s*[\])])"
_CROSS = r"(?<![\w.])(?P<cross>\d+(?:x\d+){1,3})(?![\w.])"
_JOIN = r"(?P<join>->|→|\bvs\b|(?<=[\])])\s*[-*+/]\s*(?=[\[(])|;)"
_TOKEN = re.compile("|".join((_LAYOUT, _LIST, _JOIN, _CROSS)))
_LABEL = re.compile(r"\b(latent|hidden|tokens|row|out|in|encoder states|logits)\b[^\w\[(]*$")
# Sizes that a row leaves open are drawn with these.
_OPEN = {"B": 1, "N": 1, "T": 100, "L": 100, "S": 8, "C": 16, "H": 64, "W": 20, "D": 64}


@dataclass(frozen=True)
class Stated:
    """One stated tensor: its numbers, which axes they are (empty: ONNX's own order), and how it is introduced.

    `join` is what stands between it and the tensor before: "->", "vs", an operator sign, ";" or nothing.
    """

    sizes: Shape
    layout: str = ""
    label: str = ""
    join: str = ""

    @property
    def nchw(self) -> Shape:
        """Return the tensor as ONNX has it; a 3-D NHWC shape leaves out the batch."""
        sizes = self.sizes
        if self.layout in ("NHWC", "HWC", "HxWxC", "WC"):
            height, width, features = sizes[-3:] if len(sizes) > 2 else (1, *sizes)
            return (1, features, height, width)
        if self.layout == "NCHW" and len(sizes) == 3:
            return (1, sizes[2], sizes[0], sizes[1])  # HN's shape without the batch, beside an NCHW one
        return sizes


def stated_shapes(text: str) -> list[Stated]:
    """Return the shapes that a text states, in order.

    >>> [shape.nchw for shape in stated_shapes("NHWC [1,1999,512]->[1,1999,128]")]
    [(1, 512, 1, 1999), (1, 128, 1, 1999)]
    >>> [shape.nchw for shape in stated_shapes("NHWC in [1,16000,1]; latent 2000x256")]
    [(1, 1, 1, 16000), (1, 256, 1, 2000)]
    """
    found: list[Stated] = []
    layout, join = "", ""
    for match in _TOKEN.finditer(text):
        if match["layout"]:
            layout = match["layout"]
        elif match["join"]:
            join = match["join"].strip()
        else:
            label = _LABEL.search(text[: match.start()])
            shape = _stated(match, layout, label.group(1) if label else "", join)
            if shape is not None:
                found.append(shape)
                join = ""
    return found


def _stated(match: re.Match[str], layout: str, label: str, join: str) -> Stated | None:
    if match["cross"]:
        sizes = tuple(int(size) for size in match["cross"].split("x"))
        if len(sizes) == 2 and label in ("latent", "tokens", "hidden", "row"):
            return Stated(sizes, "WC", label, join)
        if len(sizes) == 3 and layout in ("HxWxC", "HWC", "NHWC"):
            return Stated(sizes, "HWC", label, join)
        return Stated(sizes, layout, label, join) if len(sizes) == 4 and layout in ("NHWC", "NCHW") else None
    names = re.findall(r"-?\d+|[A-Za-z]\w*", match["list"])
    sizes = tuple(_size(name) for name in names)
    if min(sizes) < 1 or (match["list"][0] == "(" and len(sizes) < 3):
        return None
    if not layout and label in ("row", "latent", "hidden") and len(sizes) == 3:
        layout = "HWC"
    return Stated(sizes, layout, label, join)


def _size(name: str) -> int:
    if name.lstrip("-").isdigit():
        return abs(int(name)) if name != "-1" else 1
    return _OPEN.get(name[0].upper(), 8)
