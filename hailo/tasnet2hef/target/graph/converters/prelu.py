"""PRelu: activation `prelu`; a slope of the wrong rank makes a layer of C x C features.

Recorded (DFC 3.33.0): 512 slopes given as `[512]` on a 4-D tensor became `[-1, 1, 1999, 262144]`.
"""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("PRelu")
def convert_prelu(node: OnnxNode, build: Builder) -> None:
    """Convert a ReLU with constant slopes, one for all or one per feature."""
    source = build.value(node.inputs[0])
    slope = build.constants.shape(node.inputs[1])
    if slope is None or not build.is_constant(node.inputs[1]):
        raise Unsupported("a PRelu whose slopes are not constant")
    features = letter_size(source.shape, "C")
    per_feature = len(slope) == 1 and slope[0] == features > 1
    if per_feature and source.layout[-1:] != "C":
        shape = with_sizes(source.shape, C=features * features)
        value = build.add(node, "activation", [source], shape, {"activation": "prelu"}, layout=source.layout)
        # The layers after it are parsed, and checked, with the intended shape.
        build.bind(node.outputs[0], replace(value, shape=source.shape))
        return
    build.activate(node, source, "prelu")
