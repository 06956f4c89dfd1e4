"""``python scripts/draw_graph.py FILE``: writes a small ONNX graph without findings."""

from __future__ import annotations

import sys

import onnx

from tasnet2hef.target.rules.framework.sketch import GraphSketch


def main(path: str) -> None:
    """Write a convolution of 16 features over 100 frames, with a ReLU."""
    graph = GraphSketch()
    convolved = graph.conv(graph.input(1, 16, 100, 1), 16, 16, (3, 1), pads=[1, 0, 1, 0])
    onnx.save(graph.model(graph.node("Relu", convolved)), path)


if __name__ == "__main__":
    main(sys.argv[1])
