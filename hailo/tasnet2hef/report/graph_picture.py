"""The predicted net as the page draws it: placed, coloured by type, with layers with findings marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.report.layout import NODE_HEIGHT, NODE_WIDTH, Edge, lay_out
from tasnet2hef.target.rules.framework.finding import LEVELS

_SHOWN_LETTERS: Final = 24
_READABLE_LAYERS: Final = 150
"""Layers whose names can be told apart with the whole net on a screen."""
FAMILY_NAMES: Final = {
    "conv": "convolution",
    "dw": "depthwise convolution",
    "join": "elementwise, of two maps",
    "norm": "mean, pooling and norm",
    "active": "activation",
    "shape": "change of shape",
    "end": "input, output, constant",
    "unsupported": "not supported",
}
"""Families of layer types that share a colour."""
_TYPES: Final = {
    "conv": ("conv", "deconv", "fc", "matmul"),
    "dw": ("dw",),
    "join": ("ew_add", "ew_sub", "ew_mult", "ew_div", "ew_max", "ew_min", "feature_multiplier"),
    "norm": ("reduce_mean", "reduce_sum", "reduce_l2", "avgpool", "maxpool", "normalization", "batch_norm"),
    "active": ("activation", "softmax", "layer_normalization"),
    "end": ("input_layer", "output_layer", "const_input"),
    "unsupported": ("unsupported",),
}


@dataclass(frozen=True)
class Node:
    """A layer in the picture; ``level`` is its worst finding's, empty if there is none."""

    name: str
    x: float
    y: float
    family: str
    level: str
    subtitle: str
    detail: str
    """All facts about it, one per line."""
    problem: str = ""
    """The rule whose first place this is; empty for all others."""


@dataclass(frozen=True)
class GraphPicture:
    """The picture in SVG units, and its legend: family, its name, layers."""

    width: float
    height: float
    node_width: int
    node_height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    legend: tuple[tuple[str, str, int], ...]

    @property
    def opens_at_a_problem(self) -> bool:
        """Return whether the whole net would be too small to read, so that the picture opens at a problem."""
        return self.marked > 0 and len(self.nodes) > _READABLE_LAYERS

    @property
    def marked(self) -> int:
        """Return how many layers have an error or a warning."""
        return sum(node.level in ("error", "warning") for node in self.nodes)


def picture_of(check: Mapping[str, Any]) -> GraphPicture:
    """Draw the layers of a check."""
    layers: Sequence[Mapping[str, Any]] = check["layers"]
    by_layer = _findings_by_layer(check["findings"])
    first_places = _first_places(check["findings"])
    layout = lay_out({str(layer["name"]): [str(name) for name in layer["inputs"]] for layer in layers})
    nodes = []
    for layer in layers:
        place, findings = layout.places[layer["name"]], by_layer.get(layer["name"], [])
        level = min((each["level"] for each in findings), key=LEVELS.index, default="")
        names = layer["original_names"]
        nodes.append(
            Node(
                name=layer["name"],
                x=round(place.x),
                y=round(place.y),
                family=family_of(layer["type"]),
                level=level,
                subtitle=_shortened(names[-1] if names else layer["type"]),
                detail=_detail(layer, findings),
                problem=first_places.get(layer["name"], ""),
            )
        )
    counts = {family: sum(node.family == family for node in nodes) for family in FAMILY_NAMES}
    legend = tuple((family, FAMILY_NAMES[family], count) for family, count in counts.items() if count)
    return GraphPicture(layout.width, layout.height, NODE_WIDTH, NODE_HEIGHT, tuple(nodes), layout.edges, legend)


def worst_levels(check: Mapping[str, Any]) -> dict[str, str]:
    """Return each layer's worst level among the findings."""
    by_layer = _findings_by_layer(check["findings"])
    return {
        layer: min((each["level"] for each in findings), key=LEVELS.index) for layer, findings in by_layer.items()
    }


def _first_places(findings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the rules with an error or a warning by the first layer that each names."""
    first: dict[str, str] = {}
    for each in findings:
        if each["level"] in ("error", "warning") and each["layer"]:
            first.setdefault(each["rule"], each["layer"])
    return {layer: ", ".join(rule for rule in first if first[rule] == layer) for layer in first.values()}


def family_of(layer_type: str) -> str:
    """Return a layer type's family; types that only move values are ``shape``.

    >>> family_of("ew_add"), family_of("resize")
    ('join', 'shape')
    """
    return next((family for family, types in _TYPES.items() if layer_type in types), "shape")


def _findings_by_layer(findings: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    by_layer: dict[str, list[Mapping[str, Any]]] = {}
    for finding in findings:
        if finding["layer"]:
            by_layer.setdefault(finding["layer"], []).append(finding)
    return by_layer


def _detail(layer: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"{layer['name']}: {layer['type']}",
        f"output {shape_text(layer['shape'])} (height x width x features)",
        f"{layer['macs']:,.0f} MACs, {layer['weights']:,} weights, row of {layer['row_bytes']:,} bytes",
    ]
    if layer["window_bytes"]:
        lines.append(f"keeps {layer['window_bytes']:,} bytes of rows")
    if layer["held_bytes"]:
        lines.append(f"its map is held whole: {layer['held_bytes']:,} bytes")
    lines.append(f"from {', '.join(layer['original_names']) or 'no ONNX node'}")
    lines += [f"{each['level']}: {each['rule']}: {each['message']}" for each in findings]
    return "\n".join(lines)


def shape_text(shape: Sequence[int]) -> str:
    """Return an NHWC shape without its batch.

    >>> shape_text([-1, 999, 1, 128])
    '999 x 1 x 128'
    """
    return " x ".join(str(size) for size in shape[1:])


def _shortened(name: str) -> str:
    return name if len(name) <= _SHOWN_LETTERS else f"…{name[1 - _SHOWN_LETTERS :]}"
