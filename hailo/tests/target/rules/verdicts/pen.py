"""The pen: a sketch, the tensor at its tip, and what the row says of the operator to draw."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import onnx

from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.target.rules.verdicts.operators import Named
from tests.target.rules.verdicts.row import NotApplicable, Row
from tests.target.rules.verdicts.shapes import Shape

Pair = tuple[int, int]
Drawer = Callable[["Pen"], None]
_MARK = "drawn_operators"
_AXES = re.compile(r"\b(?:axis|axes|dim)\s*=?\s*\[?(-?\d+(?:\s*,\s*-?\d+)*)")


def draws(*operators: str) -> Callable[[Drawer], Drawer]:
    """Mark a function as the drawer of some operators; it raises NotApplicable for what is not stated."""

    def mark(function: Drawer) -> Drawer:
        setattr(function, _MARK, operators)
        return function

    return mark


def marked(members: object) -> dict[str, Drawer]:
    """Return the drawers among a module's members."""
    values = vars(members).values()
    return {operator: value for value in values if callable(value) for operator in getattr(value, _MARK, ())}


@dataclass
class Pen:
    """The state of one drawing.  `targets` are the stated shapes still ahead, ONNX's order of axes."""

    row: Row
    draw: GraphSketch
    tensor: str
    shape: Shape
    first: str
    first_shape: Shape
    targets: list[Shape]
    named: Named = field(default_factory=lambda: Named("", 0, ""))
    followers: list[str] = field(default_factory=list)
    alone: bool = True
    """Whether the row names this operator only, so that all its words are about it."""
    loose: list[str] = field(default_factory=list)
    """Outputs of the graph beside the last tensor."""

    def move(self, tensor: str, shape: Shape) -> None:
        """Go on from another tensor."""
        self.tensor, self.shape = tensor, shape

    def put(self, op_type: str, *others: str, shape: Shape | None = None, **attributes: object) -> None:
        """Add a node that reads the tensor at the tip first."""
        self.move(self.draw.node(op_type, self.tensor, *others, **attributes), shape or self.shape)

    def target(self) -> Shape | None:
        """Take the next stated shape, if there is one."""
        return self.targets.pop(0) if self.targets else None

    def model(self) -> onnx.ModelProto:
        """Return the drawing with everything loose as an output."""
        ends = [*self.loose, *([self.tensor] if self.tensor else [])]
        return self.draw.model(*dict.fromkeys(ends))

    @property
    def text(self) -> str:
        """Return the row's operator text."""
        return self.row.op

    def says(self, regex: str) -> bool:
        """Tell whether the row's operator text matches."""
        return re.search(regex, self.text, re.IGNORECASE) is not None

    def axes(self) -> tuple[int, ...] | None:
        """Return the axes that the row states in its parameters or words ("axis -2", "axes=[1]")."""
        for name in ("axis", "axes", "dim"):
            value = self.row.params.get(name)
            if isinstance(value, int):
                return (value,)
            if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
                return tuple(value)
        found = _AXES.search(self.named.text) or (_AXES.search(self.text) if self.alone else None)
        return tuple(int(axis) for axis in found[1].split(",")) if found else None

    def keeps_axes(self) -> bool:
        """Tell whether a reduction keeps its axes, which it does unless the row says otherwise."""
        given = self.row.params.get("keepdims")
        if given is not None:
            return bool(given)
        return not self.says(r"keep_?dims?\s*=?\s*(0|false)|without keep_?dims?")

    def features(self) -> Pair | None:
        """Return the (input, output) features that the row states: "1x1 64->128", or `out_channels`."""
        found = re.search(r"(?<![\d\]x])(\d+)\s*(?:->|→|to)\s*(\d+)(?![\dx])", self.named.text)
        if found:
            return (int(found[1]), int(found[2]))
        filters = self.row.number("out_channels", "out_ch", "cout", "c_out", "filters", "out_features")
        return (self.shape[1], filters) if filters and not self.row.shapes else None

    def number(self, regex: str) -> int | None:
        """Return the first number that a pattern finds in the operator's text."""
        found = re.search(regex, self.text)
        return int(next(group for group in found.groups() if group).replace(",", "")) if found else None


def refuse(reason: str) -> NotApplicable:
    """Return the error that says what a row leaves open."""
    return NotApplicable(reason)
