"""A HEF's sidecar, a small JSON file beside it: how to feed the HEF, and what its streams are.

The compiler identifies an output by the nodes of its last layer, and an input by those of the layer that reads it
(recorded: HEFs of DFC 3.27 and 5.3), and both by its own layer names as well. All these names are kept, so that
a stream of the HEF is matched by name and never guessed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, MinLen

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.files import digest_of_file, written_beside
from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.host_ends import CHIP_PART
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.plain import plain
from tasnet2hef.base.records import RecordError, read_json, record_of, require_object, shown, shown_name
from tasnet2hef.base.version import __version__
from tasnet2hef.runtime.backends.segment_names import part_path

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph

FORMAT: Final = "tasnet2hef hef record 1"
END_LAYERS: Final = ("input_layer", "output_layer")

_Size = Annotated[int, Ge(1)]
Shape = tuple[_Size, _Size, _Size]


@dataclass(frozen=True)
class Port:
    """One input or output: its ONNX name, its NHWC shape without the batch, and all names that may identify it."""

    name: str
    shape: Shape
    origins: tuple[str, ...]
    """Names of its own: the tensor, the node that makes it, the compiler's layers."""
    readers: tuple[str, ...] = ()
    """Nodes that read it; of an input only."""


@dataclass(frozen=True, kw_only=True)
class HefStreams:
    """A HEF's inputs and outputs, and what made it."""

    inputs: Annotated[tuple[Port, ...], MinLen(1)]
    outputs: Annotated[tuple[Port, ...], MinLen(1)]
    hardware: str = ""
    """Chip that it was compiled for; empty where that is not known."""
    compiler: str = ""
    sha256: str = ""
    """Of the HEF; empty where the ONNX file was read instead."""
    made_by: str = ""
    """The mark of the file; empty where none was read."""


@dataclass(frozen=True, kw_only=True)
class HefSidecar(HefStreams):
    """The streams of a HEF, and the contract of the graph that it was compiled from."""

    contract: GraphContract

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "made_by": self.made_by,
            "format": FORMAT,
            "tasnet2hef": __version__,
            "hardware": self.hardware,
            "compiler": self.compiler,
            "sha256": self.sha256,
            "provenance": json.loads(self.contract.to_json()),
            "inputs": plain(self.inputs),
            "outputs": plain(self.outputs),
        }


def sidecar_path(hef: Path) -> Path:
    """Name the sidecar of a HEF.

    >>> sidecar_path(Path("build/net.hef")).as_posix()
    'build/net.hef.json'
    """
    return hef.with_name(f"{hef.name}.json")


def compile_mark(graph: OpenedGraph) -> Mark:
    """Return the mark of what is compiled from a graph."""
    return Mark.of("compile", graph.made_from)


def write_sidecar(
    hef: Path,
    graph: OpenedGraph,
    hn: Mapping[str, Any] | None = None,
    *,
    hardware: str = "",
    compiler: str = "",
    sha256: str = "",
) -> Path:
    """Write the sidecar of a HEF that was compiled from ``graph``; ``hn`` is the compiler's own graph of it.

    ``sha256`` is the HEF's where it is known; it is read again where not.

    Raises:
        InputError: the graph was not exported by tasnet2hef, or the place can't be written.
    """
    digest = sha256 or digest_of_file(hef)
    sidecar = replace(describe(graph, hn), hardware=hardware, compiler=compiler, sha256=digest)
    sidecar = replace(sidecar, made_by=compile_mark(graph).text)
    path = sidecar_path(hef)
    with written_beside(path) as part:
        part.write_text(json.dumps(sidecar.to_json(), indent=1) + "\n", encoding="utf-8")
    return path


def read_sidecar(hef: Path) -> HefSidecar:
    """Read a HEF's sidecar; where there is none, the ONNX file beside the HEF from which it was compiled.

    Raises:
        DeviceError: the HEF is missing, neither file is there, or the sidecar is damaged or of a different HEF.
    """
    if not hef.is_file():
        actual = "a folder" if hef.is_dir() else "nothing"
        chip_part = part_path(hef, CHIP_PART)
        advice = f"give {chip_part.name}" if chip_part.is_file() else "make it with `tasnet2hef compile`"
        raise DeviceError(f"{hef}: found {actual}, expected a HEF; {advice}")
    path = sidecar_path(hef)
    if not path.is_file():
        return _from_onnx(hef)
    sidecar = _parse(path)
    if sidecar.sha256 != digest_of_file(hef):
        raise DeviceError(
            f"{path}: found the sidecar of a HEF of SHA-256 {shown_name(sidecar.sha256[:12])}..., expected that "
            f"of {hef.name}, {digest_of_file(hef)[:12]}...; copy the HEF and its sidecar together"
        )
    return sidecar


def describe(opened: OpenedGraph, hn: Mapping[str, Any] | None = None) -> HefSidecar:
    """Describe the program that an ONNX graph becomes.

    Raises:
        GraphError: the graph was not exported by tasnet2hef.
    """
    graph = opened.loaded
    makers = {tensor: node.name for node in graph.nodes for tensor in node.outputs}

    def port(name: str) -> Port:
        _, channels, height, width = graph.shapes[name]
        origins = tuple(dict.fromkeys((name, makers.get(name) or name)))
        readers = [node.name for node in graph.nodes if name in node.inputs and node.name]
        layers = layer_names(hn, origins)
        return Port(name, (height, width, channels), (*origins, *layers), () if name in makers else tuple(readers))

    return HefSidecar(
        contract=opened.require_contract(),
        inputs=tuple(port(name) for name in graph.inputs),
        outputs=tuple(port(name) for name in graph.outputs),
    )


def known_shapes(contract: GraphContract) -> dict[str, Shape]:
    """Return the NHWC shapes of frames, sources and states; cut tensors between segments are not among them."""
    states = contract.state_shapes
    shapes = dict.fromkeys((INPUT_NAME, *output_names(contract.spec.n_src)), contract.input_shape)
    shapes |= {**states, **dict(zip(contract.next_state_names, states.values(), strict=True))}
    return {name: (height, width, channels) for name, (_, channels, height, width) in shapes.items()}


def layer_names(hn: Mapping[str, Any] | None, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the compiler's names for an input or output: its end layer, and the layer before an output."""
    layers = (hn or {}).get("layers") or {}
    matched: dict[str, None] = {}
    for name, layer in layers.items():
        if layer.get("type") not in END_LAYERS:
            continue
        before = tuple(layer.get("input") or ())
        names = {*(layer.get("original_names") or ()), *before}
        for each in before:
            names.update(layers.get(each, {}).get("original_names") or ())
        if names & set(origins):
            matched.update(dict.fromkeys((name, *before)))
    return tuple(matched)


def _from_onnx(hef: Path) -> HefSidecar:
    model = hef.with_suffix(".onnx")
    if not model.is_file():
        raise DeviceError(
            f"{hef}: found neither {sidecar_path(hef).name} nor {model.name} beside it, expected one of them: it "
            "describes the HEF's inputs and outputs; copy it as well"
        )
    from tasnet2hef.target.graph.opened import OpenedGraph

    return describe(OpenedGraph.read(model))


def _parse(path: Path) -> HefSidecar:
    try:
        value = require_object(read_json(path))
        if value.get("format") != FORMAT:
            raise RecordError(f"format: found {shown(value.get('format'))}, expected {FORMAT!r}")
        contract = GraphContract.from_metadata({METADATA_KEY: json.dumps(value.get("provenance"))}, str(path))
        streams = record_of(HefStreams, value)
        for ports in (streams.inputs, streams.outputs):
            _require_unique(ports)
    except (OSError, RecordError) as error:
        raise DeviceError(f"{path}: damaged: {error}; copy it again, or the ONNX file") from error
    sidecar = HefSidecar(contract=contract, **vars(streams))
    _require_shapes(sidecar, path)
    return sidecar


def _require_shapes(sidecar: HefSidecar, path: Path) -> None:
    """Refuse ports that contradict the contract."""
    shapes = known_shapes(sidecar.contract)
    for port in (*sidecar.inputs, *sidecar.outputs):
        expected = shapes.get(port.name)
        if expected is not None and port.shape != expected:
            raise DeviceError(
                f"{path}: {port.name}: found shape {list(port.shape)}, expected {list(expected)} as its contract "
                "says; copy the sidecar again"
            )


def _require_unique(ports: tuple[Port, ...]) -> None:
    for name, count in Counter(port.name for port in ports).items():
        if count > 1:
            raise RecordError(f"{shown_name(name)}: found {count} ports of this name, expected one")
