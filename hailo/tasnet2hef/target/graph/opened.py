"""One ONNX graph, opened: its file is read once, and every step uses this object instead of the file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.files import other_content
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract, metadata_of
from tasnet2hef.base.marks import ONNX_KEY
from tasnet2hef.target.graph.checks import check_names
from tasnet2hef.target.graph.cost import Cost, summarise
from tasnet2hef.target.graph.functions import inline_functions
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.loader import LoadedGraph, graph_of_model
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.graph.parser import parse
from tasnet2hef.target.graph.stored import external_file, load_external, stored_tensors

LARGEST_FILE_BYTES = 2**31 - 1


class OpenedGraph:
    """An ONNX graph with all that is derived from it; each part is computed on first use.

    ``model`` is the graph as the file holds it (external weights stay outside) and must not be changed: copy it
    first. ``path`` need not exist for a graph that was made in memory; external weights would lie beside it.
    ``input_shapes`` fix dynamic inputs, one size per axis.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        path: Path = Path("model.onnx"),
        data: bytes | None = None,
        input_shapes: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.path = path
        self.model = model
        self._data = data
        self._input_shapes = input_shapes

    @classmethod
    def read(cls, path: str | Path, input_shapes: Mapping[str, Sequence[int]] | None = None) -> OpenedGraph:
        """Read an ONNX file.

        Raises:
            GraphError: it is missing, not ONNX, cut short, over 2 GB, or has names that are no UTF-8 text.
        """
        file = Path(path)
        data = _read_bytes(file)
        if (other := other_content(data, file)) is not None:
            raise GraphError(f"{file}: is {other}")
        model = onnx.ModelProto()
        try:
            with _protobuf_silenced():
                model.ParseFromString(data)
        except (DecodeError, RuntimeError, SystemError, ValueError) as error:  # SystemError: protobuf 3.20
            raise GraphError(f"{file}: not an ONNX model, or cut short ({error}); export again") from None
        if not model.HasField("graph"):
            raise GraphError(f"{file}: not an ONNX model (it holds no graph); expected an .onnx file")
        check_names(model, str(file))
        graph = cls(model, file, data, input_shapes)
        graph.digest  # noqa: B018 (taken now, so that the bytes need not be kept)
        return graph

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file, or of the bytes that a graph in memory is saved as; in hexadecimal digits."""
        data, self._data = self._data, None
        return hashlib.sha256(self.model.SerializeToString() if data is None else data).hexdigest()

    @property
    def made_from(self) -> str:
        """What the graph was made from, as its mark says: one text for all exports of a checkpoint.

        Its own digest where it has no mark.
        """
        return metadata_of(self.model).get(ONNX_KEY, self.digest)

    @property
    def files(self) -> tuple[Path, ...]:
        """The graph's own file, and those that hold its external weights."""
        outside = (
            tensor
            for tensor in stored_tensors(self.model.graph)
            if tensor.data_location == onnx.TensorProto.EXTERNAL
        )
        names = {external_file(tensor) for tensor in outside}
        return (self.path, *(self.path.parent / name for name in sorted(names)))

    @cached_property
    def contract(self) -> GraphContract | None:
        """What the host must know to run the graph; None for a graph that was not exported by tasnet2hef.

        Raises:
            GraphError: its metadata is damaged.
        """
        metadata = metadata_of(self.model)
        return GraphContract.from_metadata(metadata, str(self.path)) if METADATA_KEY in metadata else None

    def require_contract(self) -> GraphContract:
        """Return the contract.

        Raises:
            GraphError: the graph was not exported by tasnet2hef, or its metadata is damaged.
        """
        return self.contract or GraphContract.from_metadata({}, str(self.path))

    @cached_property
    def inlined(self) -> onnx.ModelProto:
        """The model with its local functions inlined; the model itself where it has none."""
        return inline_functions(self.model, self.path.name)

    @cached_property
    def loaded(self) -> LoadedGraph:
        """The checked graph with the shape of every tensor.

        Raises:
            GraphError: it is cyclic, incomplete, dynamic, of an unknown opset or of a custom domain.
        """
        return graph_of_model(self.inlined, self.path, self._input_shapes)

    @cached_property
    def net(self) -> HailoNet:
        """The layers that the compiler's parser is predicted to make.

        Raises:
            GraphError: see ``loaded``; or the numbers of a node contradict each other.
        """
        return parse(self.loaded)

    @cached_property
    def cost(self) -> Cost:
        """What the predicted layers cost."""
        return summarise(self.net)

    @property
    def inputs(self) -> dict[str, list[int]]:
        """The shape of each input as the file has it, by name; 0 for an axis without a size."""
        stored = {tensor.name for tensor in self.model.graph.initializer}
        return {
            value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
            for value in self.model.graph.input
            if value.name not in stored
        }

    @property
    def input_layers(self) -> dict[str, str]:
        """The predicted input layer of each ONNX input, by the input's name.

        A calibration set holds an array for each, under the layer's name.
        """
        return {layer.original_names[0]: layer.name for layer in self.net.inputs}

    @property
    def window_shapes(self) -> dict[str, Shape]:
        """The shape of one window of each input layer, ``[height, width, features]``, by the layer's name."""
        return {layer.name: tuple(layer.shape[1:]) for layer in self.net.inputs}

    def with_weights(self) -> onnx.ModelProto:
        """Return a copy of the model that holds all of its weights.

        Raises:
            GraphError: a file of external weights is missing or damaged.
        """
        copy = onnx.ModelProto()
        copy.CopyFrom(self.model)
        try:
            load_external(copy, self.path.parent)
        except GraphError as error:
            raise GraphError(f"{self.path}: its external weights can't be read ({error})") from None
        return copy


@contextmanager
def _protobuf_silenced() -> Iterator[None]:
    """Hide what protobuf 3.20 prints to stderr itself, for example of a text that is not UTF-8: we say it."""
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _read_bytes(file: Path) -> bytes:
    try:
        size = file.stat().st_size if not file.is_dir() else -1
        if size < 0:
            raise GraphError(f"{file}: is a folder; give an ONNX file")
        if size == 0:
            raise GraphError(f"{file}: is empty; expected an ONNX model")
        if size > LARGEST_FILE_BYTES:
            raise GraphError(
                f"{file}: {size} bytes, expected at most {LARGEST_FILE_BYTES} (a protobuf's limit); "
                "save it with external data"
            )
        return file.read_bytes()
    except FileNotFoundError:
        raise GraphError(f"{file}: no such file; give an ONNX file") from None
    except OSError as error:
        raise GraphError(f"{file}: can't be read ({error.strerror}); give an ONNX file") from None
