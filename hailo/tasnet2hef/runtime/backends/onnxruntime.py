"""Runs an exported graph with ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.files import other_content
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames
from tasnet2hef.runtime.backends.wide_layout import to_wide

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph

NO_LOG = 4
"""Fatal errors only: all others are raised, and told in one line."""
REASON_CHARACTERS = 200


class OnnxRuntimeBackend(StepBackend):
    """A session on the CPU, checked against the graph's own contract.

    ``model`` is an ONNX file, or a graph that is opened already.
    ``threads`` is the number of threads inside one operator; None leaves the choice to ONNX Runtime. A tall graph
    of one column runs in the wide layout, which is faster and gives the same results; ``as_written`` prevents it.

    Raises:
        GraphError: the file is missing, is not an ONNX graph, was not exported by tasnet2hef, or its inputs and
            outputs contradict its contract.
    """

    def __init__(
        self, model: str | Path | OpenedGraph, threads: int | None = None, *, as_written: bool = False
    ) -> None:
        path = Path(model) if isinstance(model, (str, Path)) else model.path
        self._session, is_wide = _open(model, path, threads, as_written=as_written)
        self._where = str(path)
        self._contract = contract_of(self._session, self._where)
        self._outputs = list(output_names(self._contract.spec.n_src))
        as_loaded = replace(self._contract, layout="wide") if is_wide else self._contract
        self._input_shape = as_loaded.input_shape
        _check_ports(self._session, as_loaded, self._where)

    @property
    def contract(self) -> GraphContract:
        """The graph's contract, as written."""
        return self._contract

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk like ``run``; also return the memory for the next one.

        Raises:
            GraphError: ONNX Runtime can't run the graph, e.g. because sizes inside it contradict each other.
        """
        tensor = frames_to_tensor(frames, self._contract).reshape(self._input_shape)
        names = [*self._outputs, *self._contract.next_state_names]
        values = run_session(self._session, names, {INPUT_NAME: tensor, **memory}, self._where)
        sources = [tensor_to_frames(source, self._contract) for source in values[: len(self._outputs)]]
        return np.stack(sources), dict(zip(memory, values[len(self._outputs) :], strict=True))


def open_session(model_path: Path, threads: int | None) -> Any:
    """Open a session on a graph's file.

    Raises:
        GraphError: there is no such file, ONNX Runtime can't load it, or see ``require_memory_for``.
    """
    require_memory_for(model_path)
    return _start_file(model_path, threads)


def open_cpu_session(model: str | bytes, threads: int | None, **settings: Any) -> Any:
    """Open a session on the CPU on a file's path or a serialised graph; ONNX Runtime logs nothing.

    ``settings`` are further attributes of ``onnxruntime.SessionOptions``. ONNX Runtime's errors pass unchanged.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = NO_LOG
    options.intra_op_num_threads = threads or 0
    for name, value in settings.items():
        setattr(options, name, value)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_session(session: Any, names: Sequence[str], feeds: Mapping[str, Samples], where: str) -> list[Any]:
    """Return the outputs ``names`` of a session.

    Raises:
        GraphError: ONNX Runtime can't run the graph, e.g. because sizes inside it contradict each other.
    """
    try:
        values: list[Any] = session.run(names, dict(feeds))
    except Exception as error:  # ONNX Runtime's errors have no base class in common
        raise GraphError(
            f"{where}: found a graph that ONNX Runtime can't run ({_reason(error)}); export it again"
        ) from error
    return values


def contract_of(session: Any, where: str) -> GraphContract:
    """Read the contract in a loaded graph's metadata.

    Raises:
        GraphError: it was not exported by tasnet2hef, or its metadata is damaged.
    """
    try:
        metadata = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:  # ONNX Runtime decodes it only on access
        raise GraphError(f"{where}: its metadata is damaged ({error}); export the graph again") from error
    return GraphContract.from_metadata(metadata, where)


def _open(
    model: str | Path | OpenedGraph, path: Path, threads: int | None, *, as_written: bool
) -> tuple[Any, bool]:
    """Open a session in the wide layout if possible, else on the graph as written; also return which."""
    graph = require_memory_for(model)
    if graph is not None and not as_written:
        try:
            return _start_session(to_wide(graph), threads, path), True
        except GraphError:  # only speed is lost
            pass
    return _start_file(path, threads), False


def require_memory_for(model: str | Path | OpenedGraph) -> OpenedGraph | None:
    """Check that a graph needs at most half of this machine's memory at once; return it, opened.

    None if it can't be checked: without the onnx package, and for what is no graph, which ONNX Runtime reports.

    Raises:
        GraphError: it needs more, or its shapes are not static.
    """
    if find_spec("onnx") is None:
        return None
    from tasnet2hef.target.graph.memory import require_memory
    from tasnet2hef.target.graph.opened import OpenedGraph

    if isinstance(model, (str, Path)):
        try:
            model = OpenedGraph.read(model)
        except GraphError:
            return None
    require_memory(model.inlined, str(model.path), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    return model


def _start_file(path: Path, threads: int | None) -> Any:
    if not path.is_file():
        actual = "a folder" if path.is_dir() else "nothing"
        raise GraphError(f"{path}: found {actual}, expected an ONNX file; check the path")
    return _start_session(str(path), threads, path)


def _start_session(model: str | bytes, threads: int | None, path: Path) -> Any:
    """Open a session; ``path`` begins the message if that fails."""
    try:
        return open_cpu_session(model, threads)
    except Exception as error:  # ONNX Runtime's errors have no base class in common
        if (other := other_content(path, path)) is not None:
            raise GraphError(f"{path}: is {other}") from None
        raise GraphError(
            f"{path}: found {path.stat().st_size} bytes that ONNX Runtime can't load as a graph "
            f"({_reason(error)}); export it again"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:REASON_CHARACTERS]


def _check_ports(session: Any, contract: GraphContract, where: str) -> None:
    """Compare the graph's inputs and outputs, in name, type and shape, with its contract."""
    ports = [_describe(port) for port in (*session.get_inputs(), *session.get_outputs())]
    states = contract.state_shapes
    shapes = [(INPUT_NAME, contract.input_shape), *states.items()]
    shapes += [(name, contract.input_shape) for name in output_names(contract.spec.n_src)]
    shapes += zip(contract.next_state_names, states.values(), strict=True)
    expected = [f"{name} tensor(float) {list(shape)}" for name, shape in shapes]
    if ports != expected:
        raise GraphError(
            f"{where}: found inputs and outputs {', '.join(ports)}; expected {', '.join(expected)}, as its "
            "contract says; export the graph again"
        )


def _describe(port: Any) -> str:
    return f"{port.name} {port.type} {port.shape}"
