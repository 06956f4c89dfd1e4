"""A read-only view of one ONNX node, with its shapes and the small constants it reads."""

from __future__ import annotations

from dataclasses import dataclass

from tasnet2hef.base.errors import GraphError

Shape = tuple[int, ...]
AttributeValue = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
Numbers = tuple[int | float, ...]


@dataclass(frozen=True)
class OnnxNode:
    """One ONNX node: its operator, inputs, outputs and attributes, in ONNX's own axis order.

    `input_shapes` and `output_shapes` hold None if the shape is not known; `input_values` holds the
    numbers of small constant inputs (axes, slice starts, exponents), and None for every other input.
    """

    index: int
    name: str
    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[tuple[str, AttributeValue], ...] = ()
    input_shapes: tuple[Shape | None, ...] = ()
    output_shapes: tuple[Shape | None, ...] = ()
    input_values: tuple[Numbers | None, ...] = ()
    domain: str = ""

    def attribute(self, name: str) -> AttributeValue | None:
        """Return the attribute called `name`, or None if the node does not have it."""
        return dict(self.attributes).get(name)

    def integer(self, name: str, default: int) -> int:
        """Return an integer attribute; raise GraphError when it is of another type."""
        value = self.attribute(name)
        if value is None:
            return default
        if not isinstance(value, int):
            raise self._mistyped(name, value, "an integer")
        return value

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return a list attribute of integers, or None; raise GraphError when it is of another type."""
        value = self.attribute(name)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(item, int) for item in value):
            raise self._mistyped(name, value, "a list of integers")
        return tuple(int(item) for item in value)

    def number(self, name: str, default: float) -> float:
        """Return a float attribute; raise GraphError when it is of another type."""
        value = self.attribute(name)
        if value is None:
            return default
        if not isinstance(value, (int, float)):
            raise self._mistyped(name, value, "a number")
        return float(value)

    def text(self, name: str, default: str) -> str:
        """Return a text attribute; raise GraphError when it is of another type."""
        value = self.attribute(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._mistyped(name, value, "a text")
        return value

    def has_input(self, position: int) -> bool:
        """Return whether the (optional) input at `position` is present."""
        return position < len(self.inputs) and bool(self.inputs[position])

    def values(self, position: int) -> Numbers | None:
        """Return the numbers of the small constant input at `position`, or None."""
        return self.input_values[position] if position < len(self.input_values) else None

    def integer_values(self, position: int) -> tuple[int, ...] | None:
        """Return the small constant input at `position` as integers, or None."""
        numbers = self.values(position)
        return None if numbers is None else tuple(int(number) for number in numbers)

    def where(self) -> str:
        """Return the node's place for a message: `node NAME (OP)`."""
        return f"node {self.name} ({self.op_type})"

    def _mistyped(self, name: str, value: AttributeValue, wanted: str) -> GraphError:
        return GraphError(f"{self.where()}: attribute {name} is {value!r}, expected {wanted}; export again")
