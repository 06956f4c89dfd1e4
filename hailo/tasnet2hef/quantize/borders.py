"""Borders: the tensors at which the compiler turns real numbers into codes, one for each of its layers.

A convolution with its bias, its activation and, where the compiler fuses it, the elementwise add after it is one
layer and so one border. Layers that only move values (a nearest resize, a slice, zero padding, an output) pass
their input's codes on; they have no border of their own and appear under ``carriers`` of the one before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.cost import fused_adds
from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.layout import elements

MOVES_ONLY = ("output_layer", "shortcut", "slice", "format_conversion", "external_pad", "maxpool", "reduce_max")
INVERSES = ("inv_sqrt", "inv_pos")


@dataclass(frozen=True)
class Border:
    """One quantised tensor.

    ``layer`` is the compiler's layer that computes it, ``fused`` the convolution that its add is part of,
    ``carriers`` the layers after it that pass its codes on. ``values`` counts the tensor's values in one window,
    ``weights`` the layer's weights and biases. ``inverse_of`` names the tensor whose inverse this is where the
    ONNX graph divides and the compiler inverts first, then multiplies.
    """

    layer: str
    tensor: str
    values: int
    weights: int
    original_names: tuple[str, ...]
    fused: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    inverse_of: str = ""

    @property
    def layers(self) -> tuple[str, ...]:
        """All of the compiler's layers that must agree on this border's precision."""
        return (self.layer, *self.fused, *self.carriers)

    @property
    def extra_bits(self) -> int:
        """Extra bits at 16 instead of 8: weights stored, and output values moved per window."""
        return 8 * (self.weights + self.values)


@dataclass(frozen=True)
class BorderMap:
    """All borders of a net in the compiler's order, and the layers whose output no ONNX tensor holds."""

    borders: tuple[Border, ...]
    hidden: tuple[str, ...]

    def __iter__(self) -> Iterator[Border]:
        """Iterate over the borders."""
        return iter(self.borders)


def find_borders(net: HailoNet) -> BorderMap:
    """Return the borders of a net.

    Raises:
        GraphError: the compiler has no layer for some node, so what it would quantise is unknown.
    """
    if net.unsupported:
        layer = net.unsupported[0]
        raise GraphError(
            f"{net.name}: node {layer.original_names[0]}: {layer.reason}; expected a graph that the compiler "
            "takes; run `tasnet2hef check` on it first"
        )
    adds = fused_adds(net)
    owners = _owners(net)
    borders, hidden = [], []
    for layer in net:
        if _moves_only(layer) or layer.name in adds.values():
            continue
        fused = (adds[layer.name],) if layer.name in adds else ()
        border = _border(net, layer, fused, owners)
        if border is None:
            hidden.append(layer.name)
        else:
            borders.append(border)
    return BorderMap(tuple(borders), tuple(hidden))


def _owners(net: HailoNet) -> dict[str, str]:
    """Return, for each ONNX tensor, the last layer that the parser makes of the node that computes it."""
    owners: dict[str, str] = {}
    for layer in net:
        if layer.onnx and not _moves_only(layer):
            for tensor in layer.onnx[-1].outputs:
                owners[tensor] = layer.name if _is_last(net, layer, owners.get(tensor)) else owners[tensor]
    return owners


def _is_last(net: HailoNet, layer: Layer, other: str | None) -> bool:
    return other is None or _reaches(net, other, layer.name)


def _reaches(net: HailoNet, start: str, end: str, depth: int = 8) -> bool:
    """Return whether ``end`` follows ``start`` within ``depth`` layers (layers of one node are close)."""
    readers = net[start].outputs
    return end in readers or (depth > 0 and any(_reaches(net, name, end, depth - 1) for name in readers))


def _border(net: HailoNet, layer: Layer, fused: tuple[str, ...], owners: Mapping[str, str]) -> Border | None:
    tensor, inverse_of = _tensor(layer, owners)
    if not tensor:
        return None
    members = (layer, *(net[name] for name in fused))
    return Border(
        layer=layer.name,
        tensor=tensor,
        values=elements(layer.shape),
        weights=sum(member.weights for member in members),
        original_names=tuple(name for member in members[::-1] for name in member.original_names),
        fused=fused,
        carriers=tuple(_carriers(net, layer)),
        inverse_of=inverse_of,
    )


def _tensor(layer: Layer, owners: Mapping[str, str]) -> tuple[str, str]:
    """Return the tensor that a layer computes, and the tensor that it inverts where a division is split in two."""
    if not layer.onnx or layer.type == "const_input":
        return "", ""
    node = layer.onnx[-1]
    if owners.get(node.outputs[0]) == layer.name:
        return node.outputs[0], ""
    if layer.type == "activation" and layer.activation in INVERSES and node.op_type == "Div":
        return f"{node.inputs[1]}/inverse", node.inputs[1]
    return "", ""


def _carriers(net: HailoNet, layer: Layer) -> Iterator[str]:
    for name in dict.fromkeys(layer.outputs):
        if _moves_only(net[name]):
            yield name
            yield from _carriers(net, net[name])


def _moves_only(layer: Layer) -> bool:
    nearest = layer.type == "resize" and layer.params.get("method") == "nearest_neighbor"
    return layer.type in MOVES_ONLY or nearest
