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
from tasnet2hef.target.graph.result_size import largest_result
from tasnet2hef.target.graph.stored import absent_file, read_external

Array = npt.NDArray[np.generic]

# Values are read for scalars, per-channel constants and the ends of slices; never whole weights.
LARGEST_COMPUTED = 65_536
LARGEST_NOTED = 16
MOST_COMPUTED = 2**23
"""Values that are computed for one graph, all constants together: 64 MB."""


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
        self._left = MOST_COMPUTED

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
        return tensor is not None and absent_file(tensor, self._folder) is not None

    def array(self, name: str) -> Array:
        """Return a stored constant's values; raise GraphError when they are absent or damaged."""
        tensor = self._stored.get(name)
        if tensor is None:
            raise GraphError(f"constant {name}: not stored in the file; expected an initialiser")
        if (file := absent_file(tensor, self._folder)) is not None:
            raise GraphError(f"constant {name}: its file {file} is missing; put it beside the model")
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            tensor = onnx.TensorProto(
                dims=tensor.dims, data_type=tensor.data_type, raw_data=read_external(tensor, self._folder)
            )
        try:
            return np.asarray(numpy_helper.to_array(tensor))
        except (ValueError, TypeError, KeyError, OSError) as error:
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
        results = evaluate(node, feeds, self._opset, min(LARGEST_COMPUTED, self._left))
        self._left -= sum(values.size for values in results.values())
        return results.get(name)


def evaluate(
    node: onnx.NodeProto, feeds: dict[str, Array], opset: int, most: int = LARGEST_COMPUTED
) -> dict[str, Array]:
    """Return the outputs of one node for `feeds`, by name.

    Empty if the reference evaluator can't run it, if it is no operator on numbers, or if a result may have more
    than `most` values: that is known before anything is computed.
    """
    from onnx.reference import ReferenceEvaluator

    with np.errstate(all="ignore"):
        try:
            largest = largest_result(node, [feeds[name] for name in node.input if name])
            if largest is None or largest > most or not all(_is_number(values) for values in feeds.values()):
                return {}
            results = ReferenceEvaluator(node, opsets={"": opset}).run(None, feeds)
        except Exception:  # it may raise anything; the parser works without this value
            return {}
    arrays = {name: np.asarray(value) for name, value in zip(node.output, results, strict=False)}
    return {name: values for name, values in arrays.items() if _is_number(values)}


def _is_number(values: Array) -> bool:
    return values.dtype.kind in "biuf"


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
