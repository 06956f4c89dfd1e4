"""Conv1d and similar layers: tensors [N, C, T] that the parser reads with other axes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_READ_AS_3D = ("Conv", "ConvTranspose")
_SIMILAR = ("BatchNormalization", "InstanceNormalization", "MaxPool", "AveragePool", "GlobalAveragePool")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse convolutions over a tensor of three axes; warn of norms and poolings over one."""
    for node in context.nodes(*_READ_AS_3D, *_SIMILAR):
        shape = node.input_shapes[0]
        if shape is None or len(shape) != 3 or _is_group_norm(context, node):
            continue
        message = (
            f"{node.op_type} over {list(shape)}: 3 axes, expected 4; seen to end in UnsupportedConv3DError, "
            "'Unsupported dimensions', 'Invalid kernel shape ... Groups: 0' or a compiler timeout"
        )
        if node.op_type in _READ_AS_3D:
            yield RULE.finding(context, message, node=node)
        else:
            yield RULE.finding(context, message, node=node, level="warning", evidence=1)


def _is_group_norm(context: RuleContext, node: OnnxNode) -> bool:
    """Return whether an instance norm over three axes is the middle of a group norm."""
    layer = context.layer_of_node.get(node.name)
    return layer is not None and layer.type == "group_normalization"


def _conv1d() -> onnx.ModelProto:
    """Draw a dilated depthwise Conv1d over [1, 64, 199]."""
    graph = GraphSketch()
    source = graph.input(1, 64, 199)
    return graph.model(graph.conv(source, 64, 64, (3,), group=64, dilations=[2], pads=[2, 2]))


def _conv_transpose1d() -> onnx.ModelProto:
    """Draw a ConvTranspose1d of kernel 16 and stride 8."""
    graph = GraphSketch()
    return graph.model(graph.deconv(graph.input(1, 64, 199), 64, 1, (16,), strides=[8]))


def _conv2d() -> onnx.ModelProto:
    """Draw the same sums as Conv2d of kernel 3 x 1 over [1, 64, 199, 1]."""
    graph = GraphSketch()
    source = graph.input(1, 64, 199, 1)
    return graph.model(graph.conv(source, 64, 64, (3, 1), group=64, dilations=[2, 1], pads=[2, 0, 2, 0]))


RULE = Rule(
    id="one-dimensional-convolution",
    title="A convolution over a tensor of three axes is misread.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/instructions.md (hailo8); public logs of "
            "a suite 2025-01 (hailo8l) and DFC 3.32 (hailo8)",
            grade="recorded",
            words="Unsupported dimensions; later UnsupportedConv3DError\nInvalid kernel shape for conv ..., "
            "Groups: 0",
            version="3.32, 3.33.0",
        ),
        Evidence(source="the same reading of a 3-D tensor", grade="inferred"),
    ),
    check=check,
    fix="write it as Conv2d with a kernel (k, 1) on tensors [N, C, T, 1] from end to end: the same sums",
    bad=(
        _conv1d,
        _conv_transpose1d,
    ),
    good=(_conv2d,),
)
