"""What a HailoNet costs on any chip: layers, weights, operations, rows and buffers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.layout import elements
from tasnet2hef.target.graph.onnx_node import Shape

# Layers at the net's ends and changes of format take no layer controller (recorded: auto_reshape takes 0).
FREE_TYPES = ("input_layer", "output_layer", "format_conversion")
# Recorded in the vendor's model scripts: a softmax compiles to 4 layers, a layer norm to 20.
COMPILED_LAYERS = {"softmax": 4, "layer_normalization": 20}
# These layers have HN's `elementwise_add` parameter; the add must have the convolution's shape (recorded).
TAKES_ADD = ("conv", "dw")


@dataclass(frozen=True)
class Row:
    """One row of a tensor, W x C values (bytes at 8 bits); `layer` writes or reads it."""

    layer: str
    width: int
    features: int

    @property
    def values(self) -> int:
        """Return the values in the row."""
        return self.width * self.features


@dataclass(frozen=True)
class HeldMap:
    """A map that must be buffered whole: `join` combines it with something reduced over a whole map."""

    layer: str
    join: str
    shape: Shape

    @property
    def values(self) -> int:
        """Return the values in the map (bytes at 8 bits)."""
        return elements(self.shape)


@dataclass(frozen=True)
class SlidingWindow:
    """The rows that a convolution buffers: (kernel height - 1) * dilation + 1 rows of W x C values."""

    layer: str
    rows: int
    row: Row

    @property
    def values(self) -> int:
        """Return the values in the window (bytes at 8 bits)."""
        return self.rows * self.row.values


@dataclass(frozen=True)
class Cost:
    """What a net costs per frame (one run).

    `parsed_layers` counts all layers but inputs and outputs; `compiled_layers` what the compiler makes of
    them: elementwise adds fused into convolutions, softmax and layer norms expanded.  Each of these takes one LCU
    and one APU.  `fused_adds` maps each such add to its convolution.
    """

    layers_by_type: Mapping[str, int]
    parsed_layers: int
    compiled_layers: int
    fused_adds: Mapping[str, str]
    lcus: int
    apus: int
    weights: int
    macs: float
    ops: float
    widest_row: Row
    held_maps: tuple[HeldMap, ...]
    windows: tuple[SlidingWindow, ...]

    @property
    def held_values(self) -> int:
        """Return the values of all maps that must be buffered whole."""
        return sum(each.values for each in self.held_maps)


def summarise(net: HailoNet) -> Cost:
    """Return what a net costs."""
    adds = fused_adds(net)
    parsed = [layer for layer in net if layer.type not in ("input_layer", "output_layer")]
    compiled = sum(compiled_layers(layer) for layer in net if layer.name not in adds)
    return Cost(
        layers_by_type=dict(Counter(layer.type for layer in net).most_common()),
        parsed_layers=len(parsed),
        compiled_layers=compiled,
        fused_adds=adds,
        lcus=compiled,
        apus=compiled,
        weights=net.weights,
        macs=net.macs,
        ops=net.ops,
        widest_row=widest_row(net),
        held_maps=held_maps(net),
        windows=sliding_windows(net),
    )


def compiled_layers(layer: Layer) -> int:
    """Return how many layers the compiler makes of one parsed layer."""
    return 0 if layer.type in FREE_TYPES else COMPILED_LAYERS.get(layer.type, 1)


def fused_adds(net: HailoNet) -> dict[str, str]:
    """Return each `ew_add` that is fused into a convolution, with that convolution.

    The convolution must be linear, read by the add only and of the add's shape; an add is fused once.
    """
    fused: dict[str, str] = {}
    for layer in net:
        if layer.type != "ew_add":
            continue
        for source in (net[name] for name in layer.inputs):
            fits = source.activation == "linear" and source.shape == layer.shape
            if source.type in TAKES_ADD and source.outputs == (layer.name,) and fits:
                fused[layer.name] = source.name
                break
    return fused


def widest_row(net: HailoNet) -> Row:
    """Return the row with the most values among all layers' outputs and inputs."""
    rows = [_row(layer.name, shape) for layer in net for shape in (layer.shape, *layer.input_shapes)]
    return max(rows, key=lambda row: row.values)


def sliding_windows(net: HailoNet) -> tuple[SlidingWindow, ...]:
    """Return the sliding windows of all depthwise convolutions, and of others that span several rows."""
    windows = []
    for layer in net:
        rows = (layer.kernel[0] - 1) * layer.dilations[0] + 1
        if layer.type == "dw" or (layer.type == "conv" and rows > 1):
            windows.append(SlidingWindow(layer.name, rows, _row(layer.name, layer.input_shapes[0])))
    return tuple(windows)


def held_maps(net: HailoNet) -> tuple[HeldMap, ...]:
    """Return the maps that are buffered whole until a join's other input, reduced over a whole map, is ready.

    A reduction is a layer with many positions in and one out: it has no output before it has read its whole
    input. A layer's reduction depth is the largest number of reductions on a path from the net's inputs to it.
    An input of a join whose depth is smaller than another's is buffered, whole, until the deeper one arrives.
    """
    depths: dict[str, int] = {}
    maps: dict[str, HeldMap] = {}
    for layer in net:
        deepest = max((depths[name] for name in layer.inputs), default=0)
        depths[layer.name] = deepest + _reduces(layer)
        for name in layer.inputs:
            source = net[name]
            if source.type == "const_input" or _positions(source.shape) == 1 or depths[name] == deepest:
                continue
            maps.setdefault(name, HeldMap(name, layer.name, source.shape))
    return tuple(maps.values())


def _reduces(layer: Layer) -> bool:
    many = any(_positions(shape) > 1 for shape in layer.input_shapes)
    return bool(layer.inputs) and many and _positions(layer.shape) == 1


def _positions(shape: Shape) -> int:
    positions = 1
    for size in shape[1:-1]:
        positions *= size
    return positions


def _row(name: str, shape: Shape) -> Row:
    width, features = (shape[-2], shape[-1]) if len(shape) > 2 else (1, max(shape[-1], 1))
    return Row(name, width, features)
