"""The interface of a converter: the layers drafted so far, and the methods that add, extend or refuse one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tasnet2hef.target.graph.constants import Array, Constants
from tasnet2hef.target.graph.heads import INNER
from tasnet2hef.target.graph.layers import UNSUPPORTED, ParamValue
from tasnet2hef.target.graph.layout import default_layout, hn_shape, letter_size, significant_sizes, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

# Layers whose unit can apply an activation to its result.  Recorded: conv takes relu; reduce_mean does not
# take inv_sqrt.  The others here have an `activation` parameter in HN; after any other type, an activation is a
# layer of its own [inferred].
TAKES_ACTIVATION = (
    "conv",
    "dw",
    "deconv",
    "fc",
    "batch_norm",
    "normalization",
    "ew_add",
    "ew_sub",
    "ew_mult",
    "ew_div",
    "matmul",
)
_ELEMENTWISE_BROADCAST = ("H", "W")


class Unsupported(Exception):
    """Raised by a converter for a node that the compiler has no layer for; the text is the reason."""


@dataclass(eq=False)
class Draft:
    """A layer under construction; `sort_prefix` is its prefix while it is first numbered (see `ordering`)."""

    type: str
    prefix: str
    sort_prefix: str
    shape: Shape
    inputs: list[Value] = field(repr=False)  # values name their layers, which name their inputs ...
    params: dict[str, ParamValue]
    original_names: list[str]
    onnx: list[OnnxNode]
    onnx_shape: Shape | None
    reason: str = ""
    node_index: int = -1
    fused: bool = False


@dataclass(frozen=True, eq=False)
class Value:
    """One output tensor of a layer: its NHWC `shape`, and the letters of its ONNX axes in `layout`.

    `exclusive`: a single node reads it, so that this node may be fused into the layer.
    """

    draft: Draft = field(repr=False)
    shape: Shape
    layout: str
    exclusive: bool = True

    def letter(self, axis: int) -> str:
        """Return the letter of ONNX `axis` (negative counts from the end); raise Unsupported out of range."""
        rank = len(self.layout)
        if not -rank <= axis < rank:
            raise Unsupported(f"axis {axis} of a tensor with {rank} axes")
        return self.layout[axis]

    def letters(self, axes: Sequence[int]) -> str:
        """Return the letters of several ONNX axes."""
        return "".join(self.letter(axis) for axis in axes)


@dataclass(eq=False)
class Builder:
    """The drafts of a net under construction and the value of every tensor converted so far.

    `use_counts` is how many nodes and graph outputs use each tensor, `consumers` the nodes among them;
    `attention` are the indices of the nodes of attentions (see `attention`).
    """

    constants: Constants
    use_counts: Mapping[str, int]
    consumers: Mapping[str, Sequence[OnnxNode]]
    attention: frozenset[int] = frozenset()
    drafts: list[Draft] = field(default_factory=list)
    _values: dict[str, Value] = field(default_factory=dict)

    def is_constant(self, tensor: str) -> bool:
        """Return whether a tensor does not depend on the net's inputs."""
        return tensor in self.constants

    def value(self, tensor: str) -> Value:
        """Return the value of a tensor; raise Unsupported for constants and for tensors without a layer."""
        value = self.any_value(tensor)
        if len(value.shape) not in (4, 5):
            raise Unsupported(f"reads {tensor!r}, whose shape is not known or has more than five axes")
        return replace(value, exclusive=value.exclusive and self.use_counts.get(tensor, 0) == 1)

    def any_value(self, tensor: str) -> Value:
        """Return the value of a tensor of any shape; raise Unsupported where no layer writes it."""
        if tensor not in self._values:
            raise Unsupported(f"reads {tensor!r}, which is not a tensor of a layer")
        return self._values[tensor]

    def unbound_outputs(self, node: OnnxNode) -> list[str]:
        """Return the outputs of a node that are read but have no value yet."""
        return [name for name in node.outputs if self.use_counts.get(name) and name not in self._values]

    def is_bound(self, node: OnnxNode) -> bool:
        """Return whether all outputs of a node that are read have a value."""
        return any(name in self._values for name in node.outputs) and not self.unbound_outputs(node)

    def bind(self, tensor: str, value: Value) -> None:
        """Set the value of a tensor."""
        if tensor:
            self._values[tensor] = value

    def add(
        self,
        node: OnnxNode,
        type_: str,
        inputs: Sequence[Value],
        shape: Shape,
        params: Mapping[str, ParamValue] | None = None,
        *,
        layout: str | None = None,
        prefix: str | None = None,
        sort_prefix: str | None = None,
        names: Sequence[str] | None = None,
        reason: str = "",
    ) -> Value:
        """Add a layer and return its value; a source read twice goes through a shortcut, as recorded."""
        sources: list[Value] = []
        for source in inputs:
            again = any(source.draft is earlier.draft for earlier in sources)
            sources.append(self._shortcut(node, source) if again else source)
        draft = Draft(
            type=type_,
            prefix=prefix or type_,
            sort_prefix=sort_prefix or prefix or type_,
            shape=shape,
            inputs=sources,
            params=dict(params or {}),
            original_names=[node.name] if names is None else list(names),
            onnx=[node],
            onnx_shape=node.output_shapes[0] if node.output_shapes else None,
            reason=reason,
            node_index=node.index,
        )
        self.drafts.append(draft)
        return Value(draft, shape, layout if layout is not None else self.result_layout(node, inputs))

    def absorb(self, node: OnnxNode, source: Value, shape: Shape | None = None) -> Value:
        """Fuse `node` into the layer that writes `source`; return the value after it."""
        source.draft.original_names.append(node.name)
        source.draft.onnx.append(node)
        source.draft.onnx_shape = node.output_shapes[0]
        return source if shape is None else replace(source, shape=shape)

    def can_absorb(self, source: Value, types: Sequence[str]) -> bool:
        """Return whether a node may be fused into the layer of `source`: its type fits, one consumer, linear."""
        draft = source.draft
        linear = draft.params.get("activation", "linear") == "linear"
        return source.exclusive and draft.type in types and linear

    def activate(
        self, node: OnnxNode, source: Value, activation: str, extra: Mapping[str, ParamValue] | None = None
    ) -> None:
        """Apply an activation: fused into the source if its unit can apply it, else as a layer of its own."""
        if self.can_absorb(source, TAKES_ACTIVATION):
            source.draft.params["activation"] = activation
            source.draft.params.update(extra or {})
            self.bind(node.outputs[0], self.absorb(node, source))
            return
        params = {"activation": activation, **(extra or {})}
        value = self.add(node, "activation", [source], source.shape, params, layout=source.layout)
        self.bind(node.outputs[0], value)

    def alias(self, node: OnnxNode, source: Value) -> None:
        """Drop a node that does not change its input."""
        self.bind(node.outputs[0], source)

    def constant(self, tensor: str) -> Array | None:
        """Return the values of a small constant; None when large or absent."""
        return self.constants.small(tensor)

    def constant_layer(self, node: OnnxNode, tensor: str, like: Value) -> Value:
        """Return a `const_input` layer that holds a constant tensor, aligned with the axes of `like`."""
        shape = self.constants.shape(tensor)
        if shape is None:
            raise Unsupported(f"constant {tensor} of unknown shape")
        rank = len(like.layout)
        if len(shape) > rank:
            raise Unsupported(f"constant {tensor} has {len(shape)} axes, the tensor beside it {rank}")
        if set(INNER) & set(like.layout):  # a mask for all heads
            names = [f"{node.name}_input"]
            return self.add(
                node, "const_input", [], like.shape, {"input_tiles": ((1, 1, 1),)}, layout=like.layout, names=names
            )
        aligned = hn_shape((1,) * (rank - len(shape)) + shape, like.layout)
        params: dict[str, ParamValue] = {"input_tiles": ((1, 1, 1),)}
        return self.add(node, "const_input", [], aligned, params, layout=like.layout, names=[f"{node.name}_input"])

    def broadcast(self, node: OnnxNode, source: Value, target: Shape) -> Value:
        """Return `source` repeated over height and width to `target`, by a resize layer where needed.

        Features are not resized: the elementwise unit repeats them itself (`input_repeats`).
        """
        if len(source.shape) != len(target) or len(target) != 4:
            return source
        sizes = {letter: letter_size(target, letter) for letter in _ELEMENTWISE_BROADCAST}
        if all(letter_size(source.shape, letter) == size for letter, size in sizes.items()):
            return source
        return self.resize(node, source, with_sizes(source.shape, **sizes))

    def resize(self, node: OnnxNode, source: Value, shape: Shape, method: str = "nearest_neighbor") -> Value:
        """Add a resize layer from the source's shape to an NHWC `shape`."""
        ratios = {
            letter: letter_size(shape, letter) / max(letter_size(source.shape, letter), 1) for letter in "HWC"
        }
        params: dict[str, ParamValue] = {
            "resize_h_ratio_list": (ratios["H"],),
            "resize_w_ratio_list": (ratios["W"],),
            "resize_f_ratio_list": (ratios["C"],),
            "method": method,
            "resize_bilinear_pixels_mode": "half_pixels" if method == "bilinear" else "disabled",
        }
        return self.add(node, "resize", [source], shape, params, layout=source.layout)

    def channels_first(self, node: OnnxNode, source: Value) -> Value:
        """Return `source` with its ONNX axis 1 as features, through a format conversion if necessary."""
        wanted = default_layout(len(source.layout))
        if len(wanted) not in (2, 3, 4):
            raise Unsupported(f"a tensor of {len(wanted)} axes, expected 2 to 4")
        if source.layout[1] == "C" and source.layout[2:] in ("", "H", "W", "HW"):
            return source
        return self.relayout(node, source, wanted)

    def relayout(self, node: OnnxNode, source: Value, layout: str) -> Value:
        """Return `source` with its ONNX axes laid out as `layout`: by a format_conversion layer if data moves."""
        if len(layout) != len(source.layout) or "?" in layout + source.layout:
            raise Unsupported(f"axes {source.layout} can't be laid out as {layout}")
        sizes = {
            new: letter_size(source.shape, old)
            for new, old in zip(layout, source.layout, strict=True)
            if new != "N"
        }
        shape = with_sizes((-1, 1, 1, 1, 1) if "S" in layout else (-1, 1, 1, 1), **sizes)
        if shape == source.shape and source.layout == layout:
            return source
        if significant_sizes(source.shape) == significant_sizes(shape):
            return replace(source, shape=shape, layout=layout)
        params: dict[str, ParamValue] = {"from_layout": source.layout, "to_layout": layout}
        return self.add(node, "format_conversion", [source], shape, params, layout=layout)

    def result_layout(self, node: OnnxNode, inputs: Sequence[Value]) -> str:
        """Return the layout of a node's result: that of its widest input, or the default of its rank."""
        known = node.output_shapes[0] if node.output_shapes else None
        layouts = [value.layout for value in inputs]
        if known is None:
            return layouts[0] if layouts else "NCHW"
        return next((layout for layout in layouts if len(layout) == len(known)), default_layout(len(known)))

    def refuse(self, node: OnnxNode, reason: str) -> None:
        """Add an `unsupported` layer for a node that the compiler has none for, so that parsing can continue."""
        inputs = [self._values[tensor] for tensor in dict.fromkeys(node.inputs) if tensor in self._values]
        for position, tensor in enumerate(node.outputs):
            known = node.output_shapes[position] if position < len(node.output_shapes) else None
            layout = default_layout(4 if known is None else len(known))
            shape = (-1,) if known is None else hn_shape(known, layout)
            if position == 0:
                layer = self.add(node, UNSUPPORTED, inputs, shape, layout=layout, reason=reason)
            self.bind(tensor, Value(layer.draft, shape, layout))

    def rewind(self, count: int) -> None:
        """Remove all drafts after the first `count`."""
        del self.drafts[count:]

    def _shortcut(self, node: OnnxNode, source: Value) -> Value:
        value = self.add(node, "shortcut", [source], source.shape, layout=source.layout, names=[])
        value.draft.onnx.clear()
        return value
