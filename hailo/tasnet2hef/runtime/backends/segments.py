"""Runs the segments or parts of a graph in turn with ONNX Runtime; opens whole graphs and segments alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend, contract_of, open_session
from tasnet2hef.runtime.backends.segment_checks import SegmentChecks
from tasnet2hef.runtime.backends.segment_names import segment_of

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph

GRAPHS: Final = SegmentChecks(GraphError, "export all segments together")


def open_graph(graph: str | Path | OpenedGraph, threads: int | None = None) -> Backend:
    """Open a graph for running, or all segments or parts of a graph by the path of any of them.

    Raises:
        GraphError: see ``OnnxRuntimeBackend`` and ``SegmentChain``.
    """
    path = Path(graph) if isinstance(graph, (str, Path)) else graph.path
    return SegmentChain(path, threads) if segment_of(path) else OnnxRuntimeBackend(graph, threads)


class SegmentChain:
    """One session per segment; each takes the frames or outputs of earlier ones.

    Raises:
        GraphError: a segment is missing, is of a different export, or needs a tensor that no earlier one returns.
    """

    def __init__(self, any_path: Path, threads: int | None = None) -> None:
        chosen = contract_of(open_session(any_path, threads), str(any_path))
        paths = GRAPHS.sibling_paths(any_path, chosen)
        self._sessions = [open_session(path, threads) for path in paths]
        contracts = [contract_of(session, str(path)) for session, path in zip(self._sessions, paths, strict=True)]
        GRAPHS.require_one_export(paths, contracts, chosen)
        self._contract = replace(chosen, segment=1)
        self._outputs = output_names(chosen.spec.n_src)
        available: dict[str, Sequence[int]] = {INPUT_NAME: chosen.input_shape}
        for session, path in zip(self._sessions, paths, strict=True):
            GRAPHS.require_inputs(path, _shapes(session.get_inputs()), available)
            available |= _shapes(session.get_outputs())

    @property
    def contract(self) -> GraphContract:
        """The whole graph's contract."""
        return self._contract

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``."""
        tensors = {INPUT_NAME: frames_to_tensor(frames, self._contract)}
        for session in self._sessions:
            names = [port.name for port in session.get_outputs()]
            values = session.run(names, {port.name: tensors[port.name] for port in session.get_inputs()})
            tensors.update(zip(names, values, strict=True))
        return np.stack([tensor_to_frames(tensors[name], self._contract) for name in self._outputs])


def _shapes(ports: Sequence[Any]) -> dict[str, Sequence[int]]:
    return {port.name: port.shape for port in ports}
