"""HailoNet: the layers that the compiler's parser makes of an ONNX graph, in its own vocabulary (its "HN")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Union

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

ParamValue = bool | int | float | str | tuple["ParamValue", ...]
Json = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]

UNSUPPORTED = "unsupported"
CONVOLUTIONS = ("conv", "dw", "deconv", "fc")
_IMAGE_KERNEL_FIRST = ("conv", "dw", "deconv")


@dataclass(frozen=True)
class Layer:
    """One layer of the compiler's graph; shapes are NHWC with batch -1.

    `inputs` and `outputs` are layer names; `output_shapes` has one entry per consumer, as in HN.
    `weights` counts biases; `macs` and `ops` are per frame (one run of the network), as HN counts them.
    `reason` is set on layers of type `unsupported` only.  `onnx` are the ONNX nodes it came from.
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    shape: Shape
    param_items: tuple[tuple[str, ParamValue], ...] = ()
    original_names: tuple[str, ...] = ()
    onnx: tuple[OnnxNode, ...] = ()
    onnx_shape: Shape | None = None
    weights: int = 0
    macs: float = 0.0
    ops: float = 0.0
    reason: str = ""

    @property
    def params(self) -> dict[str, ParamValue]:
        """Return HN's parameters of this layer, by HN's names (a new dict)."""
        return dict(self.param_items)

    @property
    def kernel(self) -> tuple[int, int]:
        """Return the kernel (height, width); (1, 1) for layers without one."""
        if self.type == "fc":
            return (1, 1)  # HN writes [in, out] there
        return self._height_width("kernel_shape", 0 if self.type in _IMAGE_KERNEL_FIRST else 1)

    @property
    def strides(self) -> tuple[int, int]:
        """Return the strides (height, width)."""
        return self._height_width("strides", 1)

    @property
    def dilations(self) -> tuple[int, int]:
        """Return the dilations (height, width)."""
        return self._height_width("dilations", 1)

    @property
    def padding(self) -> str:
        """Return HN's name for the padding (VALID, SAME_TENSORFLOW, ...), empty for layers without one."""
        return str(self.params.get("padding", ""))

    @property
    def groups(self) -> int:
        """Return the number of groups; 1 for layers without groups (a `dw` layer has 1 too, as in HN)."""
        groups = self.params.get("groups", 1)
        return groups if isinstance(groups, int) else 1

    @property
    def activation(self) -> str:
        """Return the fused activation, `linear` when there is none."""
        return str(self.params.get("activation", "linear"))

    @property
    def op_types(self) -> tuple[str, ...]:
        """Return the types of the ONNX nodes that this layer came from."""
        return tuple(node.op_type for node in self.onnx)

    def _height_width(self, name: str, start: int) -> tuple[int, int]:
        sizes = self.params.get(name)
        if not isinstance(sizes, tuple) or len(sizes) < start + 2:
            return (1, 1)
        height, width = sizes[start], sizes[start + 1]
        return (int(str(height)), int(str(width)))


@dataclass(frozen=True)
class HailoNet:
    """The compiler's graph: layers in the order in which it lists them, by name without the net's scope."""

    name: str
    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[Layer]:
        """Iterate over the layers in the compiler's order."""
        return iter(self.layers)

    def __len__(self) -> int:
        """Return the number of layers as parsed, inputs and outputs included."""
        return len(self.layers)

    def __getitem__(self, name: str) -> Layer:
        """Return the layer called `name`; raise GraphError when there is none."""
        try:
            return self.by_name[name]
        except KeyError:
            raise GraphError(
                f"{self.name}: no layer {name!r} among {len(self.layers)}; "
                f"use a name such as {self.layers[0].name!r}"
            ) from None

    def __contains__(self, name: object) -> bool:
        """Return whether a layer of this name exists."""
        return name in self.by_name

    @cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """Return the layers by name."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def weights(self) -> int:
        """Return the number of weights, one bias per output feature of every convolution included."""
        return sum(layer.weights for layer in self.layers)

    @cached_property
    def macs(self) -> float:
        """Return multiply-accumulates per frame, as HN counts them."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def ops(self) -> float:
        """Return operations per frame, as HN counts them (the total that the compiler prints)."""
        return sum(layer.ops for layer in self.layers)

    @property
    def inputs(self) -> tuple[Layer, ...]:
        """Return the input layers."""
        return tuple(layer for layer in self.layers if layer.type == "input_layer")

    @property
    def outputs(self) -> tuple[Layer, ...]:
        """Return the output layers."""
        return tuple(layer for layer in self.layers if layer.type == "output_layer")

    @property
    def unsupported(self) -> tuple[Layer, ...]:
        """Return the layers that the compiler has no layer for."""
        return tuple(layer for layer in self.layers if layer.type == UNSUPPORTED)

    def to_json(self) -> dict[str, Json]:
        """Return `{"layers": [...], "weights", "ops"}`, with HN's own meanings in `params`."""
        return {
            "layers": [_layer_json(layer) for layer in self.layers],
            "weights": _whole(self.weights),
            "ops": _whole(self.ops),
        }


def _layer_json(layer: Layer) -> dict[str, Json]:
    return {
        "name": layer.name,
        "type": layer.type,
        "inputs": list(layer.inputs),
        "input_shapes": [list(shape) for shape in layer.input_shapes],
        "output_shapes": [list(shape) for shape in layer.output_shapes],
        "params": {name: as_json(value) for name, value in layer.param_items},
        "original_names": list(layer.original_names),
    }


def as_json(value: ParamValue) -> Json:
    """Return a parameter as JSON holds it: tuples become lists."""
    return [as_json(item) for item in value] if isinstance(value, tuple) else value


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number
