"""Places a net's layers for a picture: rows by depth, cut into newspaper columns, so that it fits a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

NODE_WIDTH: Final = 124
NODE_HEIGHT: Final = 32
_NODE_GAP: Final = 18
"""Gap between two nodes of a row."""
_ROW_GAP: Final = 22
_COLUMN_GAP: Final = 56
_ASPECT: Final = 1.6
"""Width over height at which the picture aims."""


@dataclass(frozen=True)
class Place:
    """The upper left corner of a node."""

    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """A connection as an SVG path; a ``far`` one leads to another column."""

    path: str
    far: bool


@dataclass(frozen=True)
class Layout:
    """A picture's size, the nodes' places by name and the edges, all in SVG units."""

    width: float
    height: float
    places: Mapping[str, Place]
    edges: tuple[Edge, ...]


def lay_out(inputs: Mapping[str, Sequence[str]]) -> Layout:
    """Place nodes; ``inputs`` names what each one reads.

    Raises:
        ValueError: the nodes form a cycle, or one reads a node that is not there.

    >>> layout = lay_out({"a": [], "b": ["a"]})
    >>> layout.places["a"].y < layout.places["b"].y, len(layout.edges)
    (True, 1)
    """
    rows = _rows(inputs)
    columns = _columns(rows)
    places: dict[str, Place] = {}
    left = 0.0
    for column in columns:
        width = _width(column)
        for depth, row in enumerate(column):
            ordered = sorted(row, key=lambda name: _centre(name, inputs, places))
            start = left + (width - _row_width(row)) / 2
            for position, name in enumerate(ordered):
                places[name] = Place(start + position * (NODE_WIDTH + _NODE_GAP), depth * (NODE_HEIGHT + _ROW_GAP))
        left += width + _COLUMN_GAP
    column_of = {name: number for number, column in enumerate(columns) for row in column for name in row}
    edges = [
        _edge(places[source], places[name], far=column_of[source] != column_of[name])
        for name, sources in inputs.items()
        for source in sources
    ]
    height = max((len(column) for column in columns), default=0) * (NODE_HEIGHT + _ROW_GAP) - _ROW_GAP
    return Layout(max(left - _COLUMN_GAP, 0.0), max(height, 0), places, tuple(edges))


def _rows(inputs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the nodes by depth: one below its deepest input, and a node without inputs just above its reader."""
    missing = {source for sources in inputs.values() for source in sources} - inputs.keys()
    if missing:
        raise ValueError(f"no layer {min(missing)!r}")
    order = list(TopologicalSorter(inputs).static_order())
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[source] for source in inputs[name]), default=-1)
    readers: dict[str, int] = {}
    for name, sources in inputs.items():
        for source in sources:
            readers[source] = min(depth[name], readers.get(source, depth[name]))
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in order:
        alone = not inputs[name] and name in readers
        rows[readers[name] - 1 if alone else depth[name]].append(name)
    return [row for row in rows if row]


def _columns(rows: list[list[str]]) -> list[list[list[str]]]:
    """Cut the rows into columns so that the picture comes nearest to its aspect ratio."""
    sizes = {len(rows) if parts == 1 else -(-len(rows) // parts) for parts in range(1, 41)}
    cuts = [[rows[start : start + size] for start in range(0, len(rows), size)] for size in sizes if size]
    return min(cuts, key=_distance, default=[])


def _distance(columns: list[list[list[str]]]) -> float:
    width = sum(_width(column) + _COLUMN_GAP for column in columns)
    height = max(len(column) for column in columns) * (NODE_HEIGHT + _ROW_GAP)
    return abs(width / height - _ASPECT)


def _width(column: list[list[str]]) -> float:
    return max(_row_width(row) for row in column)


def _row_width(row: list[str]) -> float:
    return len(row) * (NODE_WIDTH + _NODE_GAP) - _NODE_GAP


def _centre(name: str, inputs: Mapping[str, Sequence[str]], places: Mapping[str, Place]) -> float:
    """Return the mean place of a node's inputs: rows in this order have few crossing lines."""
    known = [places[source].x for source in inputs[name] if source in places]
    return sum(known) / len(known) if known else 0.0


def _edge(source: Place, target: Place, *, far: bool) -> Edge:
    if far:
        x1, y1 = source.x + NODE_WIDTH, source.y + NODE_HEIGHT / 2
        x2, y2 = target.x, target.y + NODE_HEIGHT / 2
        bend = max(_COLUMN_GAP, abs(x2 - x1) / 3)
        return Edge(
            f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}", True
        )
    x1, y1 = source.x + NODE_WIDTH / 2, source.y + NODE_HEIGHT
    x2, y2 = target.x + NODE_WIDTH / 2, target.y
    if y2 - y1 > 2 * _ROW_GAP:  # past the nodes between, not through them
        side = min(source.x, target.x) - _NODE_GAP / 2
        return Edge(
            f"M{source.x:.0f} {y1 - NODE_HEIGHT / 2:.0f}C{side:.0f} {y1:.0f} {side:.0f} {y2:.0f} "
            f"{target.x:.0f} {y2 + NODE_HEIGHT / 2:.0f}",
            False,
        )
    return Edge(f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + 11:.0f} {x2:.0f} {y2 - 11:.0f} {x2:.0f} {y2:.0f}", False)
