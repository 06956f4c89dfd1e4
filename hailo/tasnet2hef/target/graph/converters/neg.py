"""Neg: an affine layer of factor -1."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import affine
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Neg")
def convert_neg(node: OnnxNode, build: Builder) -> None:
    """Convert a change of sign (recorded inside Min, as a layer named `normalization`)."""
    affine(node, build, build.value(node.inputs[0]), "normalization")
