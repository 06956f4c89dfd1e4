"""Pow: a square is `feature_multiplier`, named `square1`; roots are activations."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode

_ACTIVATIONS = {0.5: "sqrt", -0.5: "inv_sqrt", -1.0: "inv_pos"}


@converts("Pow")
def convert_pow(node: OnnxNode, build: Builder) -> None:
    """Convert a power with one constant exponent."""
    exponents = node.values(1)
    if not exponents or len(set(exponents)) != 1:
        raise Unsupported("a power whose exponent is not one constant")
    source, exponent = build.value(node.inputs[0]), float(exponents[0])
    if exponent == 1:
        build.alias(node, source)
    elif exponent == 2:
        square(node, build, source)
    elif exponent in _ACTIVATIONS:
        build.activate(node, source, _ACTIVATIONS[exponent])
    else:
        build.activate(node, source, "pow", {"pow_exponent": exponent})


def square(node: OnnxNode, build: Builder, source: Value) -> None:
    """Add a layer that squares each value."""
    params = {"activation": "linear", "feature_multiplier_type": "square", "ew_mult_type": "on_apu"}
    value = build.add(
        node, "feature_multiplier", [source], source.shape, params, layout=source.layout, prefix="square"
    )
    build.bind(node.outputs[0], value)
