"""Runs the segments of one graph one after the other with ONNX Runtime; opens every kind of file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend, contract_of, open_session
from tasnet2hef.runtime.backends.segment_names import segment_of, segment_path

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph


def open_graph(graph: str | Path | OpenedGraph, threads: int | None = None) -> Backend:
    """Open a graph or a HEF for running, or all segments of one of which any is given.

    Raises:
        GraphError: see ``OnnxRuntimeBackend`` and ``SegmentChain``.
        DeviceError: see ``HailoRtBackend``.
    """
    path = Path(graph) if isinstance(graph, (str, Path)) else graph.path
    if path.suffix == ".hef":
        return HailoRtBackend(path)
    return SegmentChain(path, threads) if segment_of(path) else OnnxRuntimeBackend(graph, threads)


class SegmentChain:
    """One session a segment; each takes the frames or what an earlier one left.

    Raises:
        GraphError: a segment is missing, is of another export, or needs what none before it makes.
    """

    def __init__(self, any_path: Path, threads: int | None = None) -> None:
        found = contract_of(open_session(any_path, threads), str(any_path))
        paths = _siblings(any_path, found.segments)
        self._sessions = [open_session(path, threads) for path in paths]
        for number, (session, path) in enumerate(zip(self._sessions, paths, strict=True), start=1):
            _require_same_export(contract_of(session, str(path)), replace(found, segment=number), path)
        self._contract = replace(found, segment=1)
        self._outputs = output_names(found.spec.n_src)
        for number, path in enumerate(paths):
            _require_inputs(self._sessions[: number + 1], self._contract, path)

    @property
    def contract(self) -> GraphContract:
        """The whole graph's description."""
        return self._contract

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``."""
        tensors = {INPUT_NAME: frames_to_tensor(frames, self._contract)}
        for session in self._sessions:
            names = [port.name for port in session.get_outputs()]
            values = session.run(names, {port.name: tensors[port.name] for port in session.get_inputs()})
            tensors.update(zip(names, values, strict=True))
        return np.stack([tensor_to_frames(tensors[name], self._contract) for name in self._outputs])


def _siblings(any_path: Path, count: int) -> list[Path]:
    net = segment_of(any_path)
    if not net:
        raise GraphError(f"{any_path}: found another name, expected <name>.segment_<number>.onnx")
    whole = any_path.with_name(f"{net}{any_path.suffix}")
    return [segment_path(whole, number) for number in range(1, count + 1)]


def _require_same_export(found: GraphContract, expected: GraphContract, path: Path) -> None:
    if found != expected:
        raise GraphError(
            f"{path}: found segment {found.segment} of {found.segments} of export {found.segment_of or 'none'}, "
            f"expected {expected.segment} of {expected.segments} of export {expected.segment_of}; export all "
            "segments together"
        )


def _require_inputs(sessions: list[Any], contract: GraphContract, path: Path) -> None:
    """Check that the last session's inputs are the frames or what earlier ones make, in name and shape."""
    made = {port.name: port.shape for session in sessions[:-1] for port in session.get_outputs()}
    made[INPUT_NAME] = list(contract.input_shape)
    for port in sessions[-1].get_inputs():
        if made.get(port.name) != port.shape:
            raise GraphError(
                f"{path}: found an input {port.name} {port.shape}, expected "
                f"{made.get(port.name, 'no such tensor')} from the segments before; export all segments together"
            )
