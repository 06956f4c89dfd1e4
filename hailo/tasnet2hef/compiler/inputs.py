"""Reads and checks all inputs of a run, before the compiler is started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onnx import TensorProto

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.quantize.calibration.calibration_set import (
    METADATA_ARRAY,
    open_calibration,
    require_fit,
)
from tasnet2hef.quantize.calibration.content import remarks_of
from tasnet2hef.runtime.backends.segment_names import is_chip_part
from tasnet2hef.target.alls.layers import check_layers
from tasnet2hef.target.alls.parser import parse_script, read_script
from tasnet2hef.target.check import CheckReport, check_here
from tasnet2hef.target.files.npz_shapes import array_shapes
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.stored import external_file


@dataclass(frozen=True)
class CompileInputs:
    """A run's inputs; ``digests`` are SHA-256 of the files, ``notes`` are remarks on them for the user."""

    graph: OpenedGraph
    model: Path
    model_files: tuple[Path, ...]
    """The graph's file, and the files of its external weights."""
    calibration: Path
    script: str
    report: CheckReport
    contract: GraphContract | None
    """From the graph's metadata; None for a graph that was not exported by tasnet2hef."""
    inputs: dict[str, list[int]]
    end_nodes: tuple[str, ...]
    outputs: tuple[str, ...]
    arrays: tuple[str, ...]
    digests: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def net_name(self) -> str:
        """Return the net's name in the compiler, which also prefixes the names of its layers."""
        return net_name(self.model)

    @property
    def seconds(self) -> float | None:
        """Return the window's length in seconds of audio; None for a stateful graph, and without a contract."""
        contract = self.contract
        if contract is None or contract.stateful:
            return None
        return contract.window_samples / contract.spec.values_per_second

    @property
    def array_of_input(self) -> dict[str, str]:
        """Return the calibration array of each graph input, by the predicted name of its input layer."""
        return {name: layer for name, layer in self.graph.input_layers.items() if layer in self.arrays}

    @property
    def chunk_frames(self) -> int | None:
        """Return the frames of a stateful graph's chunk; None for all others."""
        contract = self.contract
        return None if contract is None or not contract.stateful else contract.window_frames


def read_inputs(
    graph: OpenedGraph,
    calibration: Path,
    script: Path | None,
    hardware: str,
    compiler: str = "",
    *,
    any_data: bool = False,
) -> CompileInputs:
    """Read a calibration set and a model script, and check them and the graph.

    ``compiler`` is the version that will compile it, as far as that is known before it is started. ``any_data``
    takes a calibration set of noise, of silence and the like.

    Raises:
        InputError: one of them can't be read, or does not fit the graph; or the graph runs on the host.
    """
    _require_for_chip(graph)
    report, damaged = check_here(graph, hardware, compiler)
    contract, model = graph.contract, graph.path
    text, script_notes = _read_script(script, report.net)
    arrays, notes = _read_calibration(calibration, graph, any_data=any_data)
    outputs = tuple(value.name for value in graph.model.graph.output)
    makers = {tensor: node.name for node in graph.model.graph.node for tensor in node.output}
    weights = _weight_files(graph)
    digests = {
        "model": [graph.digest, *(digest_of_file(path) for path in weights)],
        "calibration": digest_of_file(calibration),
    }
    return CompileInputs(
        graph=graph,
        model=model.resolve(),
        model_files=(model.absolute(), *weights),
        calibration=calibration.resolve(),
        script=text,
        report=report,
        contract=contract,
        inputs=graph.inputs,
        end_nodes=tuple(makers.get(name) or name for name in outputs),
        outputs=outputs,
        arrays=arrays,
        digests=digests,
        notes=(*notes, *script_notes, *([damaged] if damaged else [])),
    )


def net_name(model: Path) -> str:
    """Return a file's name as a net name that the compiler accepts: letters, digits and underscores.

    >>> net_name(Path("build/my-model.v2.onnx"))
    'my_model_v2'
    """
    name = re.sub(r"\W", "_", model.stem, flags=re.ASCII)
    return name if name[:1].isalpha() else f"net_{name}"


def _require_for_chip(graph: OpenedGraph) -> None:
    """Refuse a part of a net that runs on the host.

    Raises:
        GraphError: it is one.
    """
    contract = graph.contract
    if contract is not None and contract.ends == "host" and not is_chip_part(contract):
        raise GraphError(
            f"{graph.path}: found a part that runs on the host, expected the part for the chip; compile "
            "NAME.chip_part.onnx beside it"
        )


def _takes_audio(graph: OpenedGraph) -> bool:
    """Return whether a graph takes audio, as its contract says: a window, a chunk with past rows, or encoded."""
    contract = graph.contract
    if contract is None:
        return False
    if is_chip_part(contract):
        return True
    expected = [contract.input_shape, *contract.state_shapes.values()]
    return list(graph.inputs.values()) == [list(shape) for shape in expected]


def _read_calibration(path: Path, graph: OpenedGraph, *, any_data: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the set's arrays, and notes; refuse a set that was made for a different window."""
    if _takes_audio(graph):
        opened = open_calibration(path)
        return tuple(opened.layers), require_fit(opened, graph) + remarks_of(opened, graph, any_data=any_data)
    shapes = {name: shape for name, shape in array_shapes(path).items() if name != METADATA_ARRAY}
    _require_shapes(path, shapes, graph)
    return tuple(shapes), []


def _require_shapes(path: Path, shapes: Mapping[str, tuple[int, ...]], graph: OpenedGraph) -> None:
    wanted = graph.window_shapes
    single = next(iter(shapes.values()), ()) if len(shapes) == len(wanted) == 1 else ()
    for name, shape in wanted.items():
        actual = shapes.get(name, single)
        if tuple(actual[1:]) != shape:
            raise GraphError(
                f"{path}: found {dict(shapes) or 'no arrays'}, expected {name} of windows {list(shape)} (height, "
                "width, features); calibrate again with this model"
            )


def _read_script(path: Path | None, net: HailoNet) -> tuple[str, list[str]]:
    if path is None:
        return "", []
    text = read_script(path)
    return text, check_layers(parse_script(text, str(path)), net, str(path))


def _weight_files(graph: OpenedGraph) -> tuple[Path, ...]:
    """Return the files of a graph's external weights, as far as they exist."""
    outside = (each for each in graph.model.graph.initializer if each.data_location == TensorProto.EXTERNAL)
    names = sorted({external_file(tensor) for tensor in outside})
    files = [graph.path.parent / name for name in names]
    return tuple(path.absolute() for path in files if path.is_file())
