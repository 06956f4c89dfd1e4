"""The constants of an ONNX graph: shapes of all, values of small ones, read on demand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.onnx_node import Numbers, Shape

Array = npt.NDArray[np.generic]

# Values are read for scalars, per-channel constants and the ends of slices; never whole weights.
LARGEST_COMPUTED = 65_536
LARGEST_NOTED = 16


class Constants:
    """Every tensor of a graph that does not depend on its inputs.

    `stored` are initialisers and the values of Constant nodes; `computed` maps the other constant tensors
    to the node that computes them.  Weights stay in the model's own buffers until `array` is called.
    """

    def __init__(
        self,
        stored: Mapping[str, onnx.TensorProto],
        computed: Mapping[str, onnx.NodeProto],
        shapes: Mapping[str, Shape],
        opset: int,
        folder: Path,
    ) -> None:
        self._stored = stored
        self._computed = computed
        self._shapes = shapes
        self._opset = opset
        self._folder = folder
        self._small: dict[str, Array | None] = {}

    def __contains__(self, name: object) -> bool:
        """Return whether the tensor is constant."""
        return name in self._stored or name in self._computed

    def shape(self, name: str) -> Shape | None:
        """Return the shape of a constant, or None if a computed one is not known."""
        if name in self._stored:
            return tuple(self._stored[name].dims)
        return self._shapes.get(name)

    def is_absent(self, name: str) -> bool:
        """Return whether the constant lies in an external file that is not there."""
        tensor = self._stored.get(name)
        if tensor is None or tensor.data_location != onnx.TensorProto.EXTERNAL:
            return False
        return not (self._folder / external_file(tensor)).is_file()

    def array(self, name: str) -> Array:
        """Return a stored constant's values; raise GraphError when they are absent or damaged."""
        tensor = self._stored.get(name)
        if tensor is None:
            raise GraphError(f"constant {name}: not stored in the file; expected an initialiser")
        if self.is_absent(name):
            raise GraphError(
                f"constant {name}: its file {external_file(tensor)} is missing; put it beside the model"
            )
        try:
            return np.asarray(numpy_helper.to_array(tensor, base_dir=str(self._folder)))
        except (ValueError, TypeError, KeyError, OSError, onnx.checker.ValidationError) as error:
            raise GraphError(f"constant {name}: damaged data ({error}); export again") from None

    def small(self, name: str) -> Array | None:
        """Return the values of a small constant; None when it is large, absent or can't be computed."""
        if name not in self._small:
            try:
                self._small[name] = self._look_up(name)
            except RecursionError:  # a chain of a thousand constants: the parser works without this value
                self._small[name] = None
        return self._small[name]

    def numbers(self, name: str) -> Numbers | None:
        """Return a constant of at most 16 numbers as a flat tuple, or None."""
        shape = self.shape(name)
        if shape is None or _size(shape) > LARGEST_NOTED:
            return None
        values = self.small(name)
        if values is None or values.size > LARGEST_NOTED or values.dtype.kind not in "iufb":
            return None
        kind = float if values.dtype.kind == "f" else int
        return tuple(kind(value) for value in values.reshape(-1).tolist())

    def _look_up(self, name: str) -> Array | None:
        shape = self.shape(name)
        if shape is None or _size(shape) > LARGEST_COMPUTED:
            return None
        if name in self._stored:
            return None if self.is_absent(name) else self.array(name)
        return self._compute(name)

    def _compute(self, name: str) -> Array | None:
        node = self._computed[name]
        feeds: dict[str, Array] = {}
        self._small[name] = None  # a constant that depends on itself stays unknown
        for source in filter(None, node.input):
            values = self.small(source)
            if values is None:
                return None
            feeds[source] = values
        return evaluate(node, feeds, self._opset).get(name)


def evaluate(node: onnx.NodeProto, feeds: dict[str, Array], opset: int) -> dict[str, Array]:
    """Return the outputs of one node for `feeds`, by name; empty if the reference evaluator can't run it."""
    from onnx.reference import ReferenceEvaluator

    with np.errstate(all="ignore"):
        try:
            results = ReferenceEvaluator(node, opsets={"": opset}).run(None, feeds)
        except Exception:  # it may raise anything; the parser works without this value
            return {}
    return {name: np.asarray(value) for name, value in zip(node.output, results, strict=False)}


def external_file(tensor: onnx.TensorProto) -> str:
    """Return the name of the file that holds an external tensor, empty if it names none."""
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
