"""``tasnet2hef layers``: the layers that the compiler's parser makes of a graph."""

from __future__ import annotations

from pathlib import Path

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.options import InputShapeOption, JsonOption, parse_shapes
from tasnet2hef.target.graph.layers import Layer


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file."),
    input_shape: InputShapeOption = [],
    json_output: JsonOption = False,
) -> None:
    """List the layers that the compiler will make of a graph, with its own types, names and NHWC shapes.

    Example:

    `tasnet2hef layers build/model.onnx`
    """
    from tasnet2hef.target.graph.opened import OpenedGraph

    net = OpenedGraph.read(graph, parse_shapes(input_shape)).net
    if json_output:
        show.print_json(net.to_json())
        return
    show.heading(f"{graph}: {len(net)} layers, {net.weights:,} weights, {net.ops / 1e9:.2f} GOP a frame")
    show.facts((layer.name, _in_words(layer)) for layer in net)
    for note in net.notes:
        show.notice(note)


def _in_words(layer: Layer) -> str:
    """Return a layer's type, its output [N, H, W, C], what it does, and the ONNX nodes that it is made of."""
    kernel = "" if layer.kernel == (1, 1) else f"kernel {layer.kernel[0]} x {layer.kernel[1]}"
    activation = "" if layer.activation == "linear" else layer.activation
    nodes = ", ".join(layer.original_names)
    return "; ".join(filter(None, (f"{layer.type} {list(layer.shape)}", kernel, activation, nodes)))
