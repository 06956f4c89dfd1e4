"""What is known besides a failure's words: the predicted net, findings, the model script, the calibration set."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.alls.layers import layer_tokens, unscoped
from tasnet2hef.target.alls.parser import Statement
from tasnet2hef.target.failures.message import NO_MESSAGE, Message
from tasnet2hef.target.graph.cost import Row, widest_row
from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.finding import Finding

_MUCH: Final = 16
"""A net with so many times more rows than columns is tall: the columns are windows side by side."""


@dataclass(frozen=True)
class Facts:
    """All that is known of a run; every part may be missing, and an explanation then says less."""

    net: HailoNet | None = None
    """The predicted layers of the graph."""
    findings: tuple[Finding, ...] = ()
    """What `check` finds in the graph."""
    script: tuple[Statement, ...] | None = None
    """The model script; None where it is not known, empty where there is none."""
    calibration: Mapping[str, Shape] = field(default_factory=dict)
    """Shape of one window of each array of the calibration set."""
    inputs: Mapping[str, Shape] = field(default_factory=dict)
    """Shape of one window of each input layer, `[height, width, features]`."""
    compiler: str = ""
    hardware: str = ""
    own: bool | None = None
    """Whether tasnet2hef exported the graph, so that `convert` can make another; None where that is not known."""

    @cached_property
    def widest(self) -> Row | None:
        """Return the net's widest row; None without a net."""
        return None if self.net is None or not self.net.layers else widest_row(self.net)

    @cached_property
    def layout(self) -> str:
        """Return `tall` for a net with all positions on the height, `wide` on the width; else empty."""
        if self.net is None:
            return ""
        maps = [shape for layer in self.net for shape in (layer.shape, *layer.input_shapes) if len(shape) == 4]
        heights = max((shape[1] or 1 for shape in maps), default=1)
        widths = max((shape[2] or 1 for shape in maps), default=1)
        if heights > 1 and widths <= max(1, heights // _MUCH):
            return "tall"
        return "wide" if widths > 1 and heights <= max(1, widths // _MUCH) else ""

    def layer(self, name: str) -> Layer | None:
        """Return the predicted layer of a name in a message; None where it is not in the net."""
        return None if self.net is None else self.net.by_name.get(name)

    def lines_at_bits(self, kind: str) -> tuple[Statement, ...]:
        """Return the script's lines that set 4-bit weights (`w4`) or 16-bit activations (`a16`)."""
        return tuple(each for each in self.script or () if _sets(each, kind))

    def lines_about(self, layer: str) -> tuple[Statement, ...]:
        """Return the script's lines that name a layer, alone or by a glob."""
        return tuple(
            each
            for each in self.script or ()
            if any(fnmatch.fnmatchcase(layer, unscoped(token.text)) for token in layer_tokens(each))
        )

    @property
    def calibration_fits(self) -> bool | None:
        """Return whether the calibration set has the shapes of the inputs; None where one is not known."""
        if not self.calibration or not self.inputs:
            return None
        return sorted(self.calibration.values()) == sorted(self.inputs.values())


NOTHING_KNOWN: Final = Facts()


def facts_of_graph(graph: OpenedGraph, findings: Iterable[Finding]) -> Facts:
    """Return what a graph and the findings in it tell.

    Raises:
        GraphError: it is no static ONNX graph.
    """
    try:
        own = graph.contract is not None
    except GraphError:  # damaged metadata affects running the graph, not compiling it
        own = True
    return Facts(net=graph.net, findings=tuple(findings), inputs=graph.window_shapes, own=own)


@dataclass(frozen=True)
class Case:
    """One failure: its stage, the message that matched, the text around it, and the facts."""

    stage: str = ""
    message: Message = NO_MESSAGE
    facts: Facts = NOTHING_KNOWN
    text: str = ""

    @property
    def layer(self) -> Layer | None:
        """Return the predicted layer that the message names."""
        return self.facts.layer(self.message.layer)

    @property
    def layer_type(self) -> str:
        """Return the type of the layer that the message names: the net's, else as its name says; else empty.

        >>> Case(message=Message(layer="ew_mult12")).layer_type
        'ew_mult'
        """
        layer = self.layer
        return self.message.layer.rstrip("0123456789").rstrip("_") if layer is None else layer.type


def _sets(statement: Statement, kind: str) -> bool:
    return (
        any(kind in text for text in _precisions(statement))
        or (
            statement.command == "model_optimization_config"
            and any(name == _RATIOS[kind] and value.text not in ("0", "0.0") for name, value in statement.keywords)
        )
        or (kind == "w4" and _compresses(statement))
    )


_RATIOS: Final = {"w4": "auto_4bit_weights_ratio", "a16": "auto_16bit_weights_ratio"}


def _precisions(statement: Statement) -> Iterator[str]:
    value = statement.keyword("precision_mode")
    if value is not None:
        yield value.text


def _compresses(statement: Statement) -> bool:
    """Return whether a `model_optimization_flavor` line sets some weights to 4 bits."""
    value = statement.keyword("compression_level")
    return statement.command == "model_optimization_flavor" and value is not None and value.text not in ("0", "")


def shape_text(shape: Shape) -> str:
    """Format a shape.

    >>> shape_text((1, 500, 16))
    '1 x 500 x 16'
    """
    return " x ".join(str(size) for size in shape)
