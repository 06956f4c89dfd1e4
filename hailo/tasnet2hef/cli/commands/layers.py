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
    title = f"{graph}: {len(net)} layers, {net.weights:,} weights, {net.ops / 1e9:.2f} GOP a frame"
    columns = ("layer", "type", "output [N, H, W, C]", "kernel", "activation", "ONNX nodes")
    show.table(title, columns, (_row(layer) for layer in net))
    for note in net.notes:
        show.notice(note)


def _row(layer: Layer) -> tuple[str, ...]:
    shape = str(list(layer.shape))
    kernel = "" if layer.kernel == (1, 1) else f"{layer.kernel[0]} x {layer.kernel[1]}"
    activation = "" if layer.activation == "linear" else layer.activation
    return (layer.name, layer.type, shape, kernel, activation, ", ".join(layer.original_names))
