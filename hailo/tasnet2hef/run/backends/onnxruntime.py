"""Runs an exported graph with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.errors import GraphError
from tasnet2hef.provenance import INPUT_NAME, Provenance, output_names
from tasnet2hef.run.backends import Samples

ERRORS_ONLY = 3
REASON_CHARACTERS = 200


class OnnxRuntimeBackend:
    """A session on the CPU, checked against the graph's own provenance.

    ``threads`` is the number of threads inside one operator; None leaves the choice to ONNX Runtime.

    Raises:
        GraphError: the file is missing, is no ONNX graph, was not exported by tasnet2hef, or its inputs and
            outputs are not those that its provenance promises.
    """

    def __init__(self, model_path: str | Path, threads: int | None = None) -> None:
        self._session = _open_session(Path(model_path), threads)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._provenance = Provenance.from_metadata(metadata, str(model_path))
        self._outputs = list(output_names(self._provenance.spec.n_src))
        _check_ports(self._session, self._provenance, str(model_path))

    @property
    def provenance(self) -> Provenance:
        """The graph's own description."""
        return self._provenance

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, sample of the row]`` to ``[source, row, sample of the row]``."""
        shape = self._provenance.input_shape
        feeds = {INPUT_NAME: np.ascontiguousarray(frames.T, dtype=np.float32).reshape(shape)}
        sources = self._session.run(self._outputs, feeds)
        return np.stack([source.reshape(shape[1], -1).T for source in sources])


def _open_session(model_path: Path, threads: int | None) -> Any:
    """Load a graph; ONNX Runtime's own log is kept quiet below errors."""
    if not model_path.is_file():
        found = "a folder" if model_path.is_dir() else "nothing"
        raise GraphError(f"{model_path}: found {found}, expected an ONNX file; check the path")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads or 0
    try:
        return onnxruntime.InferenceSession(str(model_path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        reason = " ".join(str(error).split())[:REASON_CHARACTERS]
        raise GraphError(
            f"{model_path}: found {model_path.stat().st_size} bytes that ONNX Runtime can't load as a graph "
            f"({reason}); export it again"
        ) from error


def _check_ports(session: Any, provenance: Provenance, where: str) -> None:
    """Compare the graph's inputs and outputs, in name, type and shape, with its provenance."""
    found = [_describe(port) for port in (*session.get_inputs(), *session.get_outputs())]
    names = (INPUT_NAME, *output_names(provenance.spec.n_src))
    expected = [f"{name} tensor(float) {list(provenance.input_shape)}" for name in names]
    if found != expected:
        raise GraphError(
            f"{where}: found inputs and outputs {', '.join(found)}; expected {', '.join(expected)}, as its "
            "record says; export the graph again"
        )


def _describe(port: Any) -> str:
    return f"{port.name} {port.type} {port.shape}"
