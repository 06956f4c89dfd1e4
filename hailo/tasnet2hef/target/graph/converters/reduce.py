"""ReduceMean, ReduceSum, ReduceMax, ReduceL2: over features a reduction, over height and width a pooling.

Recorded: a mean over 1,999 columns is `avgpool` with kernel and stride [1, 1, 1999, 1]; a mean over
features is `reduce_mean`.  ReduceSum over width is refused, ReduceMax too except over features with
keepdims.
"""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.normalization import add_layer_norm
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.fused_patterns import layer_norm_at
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("ReduceMean")
def convert_reduce_mean(node: OnnxNode, build: Builder) -> None:
    """Convert a mean over features, height or width (never over the batch or a fifth axis)."""
    source = build.value(node.inputs[0])
    letters = _letters(node, source)
    norm = layer_norm_at(node, build.consumers, build.is_constant)
    if norm and letters == "C" and len(source.shape) == 4:
        add_layer_norm(norm, build, source)
        return
    value = pool_whole(node, build, source, letters, "avgpool")
    if "C" in letters:
        value = _over_features(node, build, value, "reduce_mean")
    if value.draft is source.draft:
        value = build.absorb(node, value)
    build.bind(node.outputs[0], _without(node, value, letters))


@converts("ReduceSum", "ReduceMax", "ReduceL2")
def convert_reduction(node: OnnxNode, build: Builder) -> None:
    """Convert a sum, a maximum or a norm over the features."""
    source = build.value(node.inputs[0])
    letters = _letters(node, source)
    wide = [letter for letter in letters if letter_size(source.shape, letter) > 1]
    if wide and wide != ["C"]:
        raise Unsupported(f"{node.op_type} over axes {letters}; supported over features only")
    if node.op_type == "ReduceMax" and not node.integer("keepdims", 1):
        raise Unsupported("ReduceMax without keepdims")
    types = {"ReduceSum": "reduce_sum", "ReduceMax": "reduce_max", "ReduceL2": "reduce_l2"}
    value = _over_features(node, build, source, types[node.op_type])
    build.bind(node.outputs[0], _without(node, value, letters))


def pool_whole(node: OnnxNode, build: Builder, source: Value, letters: str, type_: str) -> Value:
    """Add a pooling over the whole height and width named in `letters`; nothing if they are of size 1."""
    kernel = tuple(letter_size(source.shape, letter) if letter in letters else 1 for letter in "HW")
    if kernel == (1, 1):
        return source
    shape = with_sizes(source.shape, **{letter: 1 for letter in "HW" if letter in letters})
    params: dict[str, ParamValue] = {
        "kernel_shape": (1, *kernel, 1),
        "strides": (1, *kernel, 1),
        "padding": "VALID",
    }
    if type_ == "avgpool":
        params.update({"activation": "linear", "count_include_pad": True})
    return build.add(node, type_, [source], shape, params, layout=source.layout)


def _over_features(node: OnnxNode, build: Builder, source: Value, type_: str) -> Value:
    if type_ == "reduce_max":
        params: dict[str, ParamValue] = {"groups": 1, "reduce_axes": (3,)}
    else:
        params = {"reduce_axes": (3,), "groups": 1, "height_groups": 1, "activation": "linear"}
    return build.add(node, type_, [source], with_sizes(source.shape, C=1), params, layout=source.layout)


def _letters(node: OnnxNode, source: Value) -> str:
    """Return the letters of the reduced axes; raise Unsupported for the batch, a fifth axis or variable axes."""
    axes = node.integers("axes")
    if axes is None and node.has_input(1):
        axes = node.integer_values(1)
        if axes is None:
            raise Unsupported("axes that are not constant")
    if not axes:
        axes = () if node.integer("noop_with_empty_axes", 0) else tuple(range(len(source.layout)))
    letters = source.letters(axes)
    known = node.input_shapes[0]
    whole_batch = "N" in letters and (known is None or known[source.layout.index("N")] != 1)
    if whole_batch or not set(letters) <= set("NHWC"):
        raise Unsupported(f"{node.op_type} over axes {letters} of {source.layout}")
    return letters


def _without(node: OnnxNode, value: Value, letters: str) -> Value:
    if node.integer("keepdims", 1):
        return value
    return replace(value, layout="".join(letter for letter in value.layout if letter not in letters))
