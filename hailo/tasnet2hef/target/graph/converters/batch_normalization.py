"""BatchNormalization: folded into a convolution before it, else a `batch_norm` layer."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("BatchNormalization")
def convert_batch_normalization(node: OnnxNode, build: Builder) -> None:
    """Convert inference-time batch norm: free after a linear convolution that nothing else reads."""
    source = build.value(node.inputs[0])
    if build.can_absorb(source, ("conv", "dw", "deconv", "fc")):
        source.draft.params["batch_norm"] = True
        build.bind(node.outputs[0], build.absorb(node, source))
        return
    source = build.channels_first(node, source)
    value = build.add(node, "batch_norm", [source], source.shape, {"activation": "linear"}, layout=source.layout)
    build.bind(node.outputs[0], value)
