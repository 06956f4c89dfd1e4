"""Calibration sets on disk: an ``.npz`` with one NHWC array per input layer, and metadata on its origin.

``numpy.load`` reads it and the compiler takes its arrays as they are, under the name of its own input layer. It is
written and read window by window, so that a set of any size needs the memory of one window. A graph with a state
has an array of past rows for each state beside that of the frames, which is the first.
"""

from __future__ import annotations

import dataclasses
import io
import json
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from annotated_types import Ge, Le

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError, InputError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.npz import array_header, array_names, opened_npz, read_header, read_text
from tasnet2hef.base.records import RecordError, parse_json, record_of, require_object, shown, shown_name
from tasnet2hef.base.version import __version__
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.graph.opened import OpenedGraph

METADATA_ARRAY: Final = "tasnet2hef_record"
_MOST: Final = 2**40
"""More than any count or length in a set."""
SAME_FEED: Final = ("sample_rate", "stride", "kernel_size", "encoder_padding", "alignment", "audio_channels")
"""Fields of a spec that decide how a window is cut; the other fields don't affect it."""


@dataclass(frozen=True, kw_only=True)
class CalibrationMetadata:
    """The origin of a set. Levels are in dB of full scale."""

    model: str
    model_digest: str
    provenance: str
    """The graph's contract, as `GraphContract.to_json` writes it."""
    seed: int
    windows: Annotated[int, Ge(1), Le(_MOST)]
    recordings: Annotated[int, Ge(1), Le(_MOST)]
    seconds_of_audio: Annotated[float, Ge(0), Le(_MOST)]
    mixed: Annotated[int, Ge(1), Le(_MOST)]
    level_spread_db: Annotated[float, Ge(0), Le(_MOST)]
    silent_windows: Annotated[int, Ge(0), Le(_MOST)]
    clipped_windows: Annotated[int, Ge(0), Le(_MOST)]
    median_level_db: float
    notes: list[str] = field(default_factory=list)
    any_data: bool = False
    """Drawn with ``--any-data``: what is refused otherwise was taken knowingly."""
    version: str = __version__


@dataclass(frozen=True)
class CalibrationSet:
    """An opened set: the shape of one window, ``[height, width, features]``, by the name of its array."""

    path: Path
    layers: Mapping[str, Shape]
    windows: int
    metadata: CalibrationMetadata | None

    @property
    def input_layer(self) -> str:
        """Name of the first array, which holds the audio."""
        return next(iter(self.layers))

    @property
    def shape(self) -> Shape:
        """Shape of one window of the first array."""
        return self.layers[self.input_layer]

    def frames(self) -> Iterator[Samples]:
        """Yield the windows of the first array as ``[row, sample of the row]``, one in memory at a time."""
        for window in self._read(self.input_layer):
            yield window.reshape(-1, self.shape[-1])

    def inputs(self) -> Iterator[dict[str, Samples]]:
        """Yield the windows of all arrays, each a dict of ``[height, width, features]`` by the array's name."""
        for windows in zip(*map(self._read, self.layers), strict=True):
            yield dict(zip(self.layers, windows, strict=True))

    def _read(self, layer: str) -> Iterator[Samples]:
        try:
            yield from self._read_whole(layer)
        except RecordError as error:
            raise InputError(f"{self.path}: {error}; calibrate again") from error

    def _read_whole(self, layer: str) -> Iterator[Samples]:
        shape = self.layers[layer]
        with opened_npz(self.path) as archive, archive.open(f"{layer}.npy") as member:
            dtype = read_header(member, layer).dtype
            size = int(np.prod(shape))
            for number in range(self.windows):
                block = np.frombuffer(member.read(size * dtype.itemsize), dtype)
                if block.size != size:
                    raise InputError(f"{self.path}: cut short in window {number + 1}; calibrate again")
                window = block.astype(np.float32).reshape(shape)
                if not np.isfinite(window).all():
                    raise InputError(
                        f"{self.path}: found NaN or infinite samples in window {number + 1}, expected finite "
                        "ones; calibrate again"
                    )
                yield window


def write_calibration(
    path: Path,
    layers: Mapping[str, Shape],
    windows: Iterable[Mapping[str, Samples]],
    count: int,
    metadata: Callable[[], CalibrationMetadata],
    made_by: str = "",
) -> CalibrationMetadata:
    """Write ``count`` windows of NHWC values by input layer; return their metadata.

    ``metadata`` is called after the last window has been drawn. A ZIP archive is written one array after another:
    all but the first are buffered in unnamed files of the same folder.
    """
    first, *others = layers
    with written_beside(path) as part, ExitStack() as buffers, zipfile.ZipFile(part, "w") as archive:
        spools = {name: buffers.enter_context(tempfile.TemporaryFile(dir=path.parent)) for name in others}
        with archive.open(entry(first), "w", force_zip64=True) as member:
            _write_header(member, (count, *layers[first]))
            for window in windows:
                for name, file in {first: member, **spools}.items():
                    file.write(np.ascontiguousarray(window[name], "<f4").tobytes())
        for name, spool in spools.items():
            spool.seek(0)
            with archive.open(entry(name), "w", force_zip64=True) as member:
                _write_header(member, (count, *layers[name]))
                shutil.copyfileobj(spool, member)
        text = io.BytesIO()
        written = metadata()
        np.save(text, np.array(json.dumps(dataclasses.asdict(written), sort_keys=True)))
        archive.writestr(entry(METADATA_ARRAY), text.getvalue())
        archive.comment = made_by.encode()
    return written


def entry(array: str) -> zipfile.ZipInfo:
    """Return an archive's entry for an array, without a date: the same windows make the same file."""
    info = zipfile.ZipInfo(f"{array}.npy")
    info.external_attr = 0o644 << 16
    return info


def open_calibration(path: Path) -> CalibrationSet:
    """Open a set without reading its windows.

    Raises:
        InputError: it is missing or no ``.npz``, or its arrays are not 4-D with the same number of windows.
    """
    if path.is_dir():
        raise InputError(
            f"{path}: found a folder, expected a calibration set; make one of its recordings: tasnet2hef "
            f"calibrate GRAPH.onnx {shlex.quote(str(path))}"
        )
    if not path.is_file():
        raise InputError(f"{path}: found nothing, expected a calibration set; make it with `tasnet2hef calibrate`")
    try:
        with opened_npz(path) as archive:
            names = array_names(archive)
            metadata = _read_metadata(archive) if METADATA_ARRAY in names else None
            shapes = {name: _shape_of(archive, name) for name in names if name != METADATA_ARRAY}
    except RecordError as error:
        raise InputError(f"{path}: not a calibration set: {error}; make it with `tasnet2hef calibrate`") from error
    for name, shape in shapes.items():
        if len(shape) != 4 or not shape[0]:
            raise InputError(
                f"{path}: found {name} of shape {shown_name(str(list(shape)))}, expected [window, height, width, "
                "features]"
            )
    counts = {shape[0] for shape in shapes.values()}
    if len(counts) != 1:
        arrays = f"arrays of {', '.join(map(str, sorted(counts)))} windows" if counts else "no arrays"
        raise InputError(f"{path}: found {arrays}, expected as many for every input layer; calibrate again")
    return CalibrationSet(path, {name: shape[1:] for name, shape in shapes.items()}, counts.pop(), metadata)


def require_fit(calibration: CalibrationSet, graph: OpenedGraph) -> list[str]:
    """Check that a set was cut for a graph's window; return notes if it fits but was made for another model.

    A single array may have any name. Past rows, and what an encoder on the host computes, are the model's own
    activations, so a set with these fits no other model.

    Raises:
        GraphError: its arrays, its rate or how its windows are cut differ from the graph's.
    """
    contract, digest, layers = graph.require_contract(), short_digest(graph.digest), graph.window_shapes
    where = calibration.path
    _require_layers(calibration, layers)
    metadata = calibration.metadata
    if metadata is None:
        return [f"{where}: holds no tasnet2hef metadata; its rate and levels can't be checked"]
    made_for = GraphContract.from_metadata({"tasnet2hef": metadata.provenance}, str(where))
    theirs, ours = made_for.spec.as_dict(), contract.spec.as_dict()
    for name in SAME_FEED:
        if theirs[name] != ours[name]:
            raise GraphError(
                f"{where}: made for another model: {name} found {theirs[name]}, expected {ours[name]}; calibrate "
                "again with this model"
            )
    if metadata.model_digest == digest and calibration.layers.keys() == layers.keys():
        return []
    if contract.stateful or contract.ends == "host":
        what = "past rows" if contract.stateful else "the encoder's output"
        raise GraphError(
            f"{where}: found {what} of {metadata.model} (SHA-256 {metadata.model_digest}), "
            f"expected this model's ({digest}); calibrate again with this model"
        )
    differing = [f"{name} {theirs[name]} there, {ours[name]} here" for name in ours if theirs[name] != ours[name]]
    return [
        f"{where}: made for {metadata.model}, another model with the same window"
        + (f" ({'; '.join(differing)})" if differing else "")
        + ": its audio is suitable too"
    ]


def origin(calibration: CalibrationSet) -> str:
    """Return a set's file name and the model that it was made for, as figures name it."""
    metadata = calibration.metadata
    made_for = "no word of what model it was made for" if metadata is None else f"made for {metadata.model}"
    return f"{calibration.path.name} ({made_for})"


def is_made_for(calibration: CalibrationSet, graph: OpenedGraph) -> bool | None:
    """Tell whether a set was made for a graph; None where it does not say."""
    metadata = calibration.metadata
    return None if metadata is None else metadata.model_digest == short_digest(graph.digest)


def short_digest(sha256: str) -> str:
    """Return the first 16 digits of a SHA-256, with which a set identifies its model."""
    return sha256[:16]


def _require_layers(calibration: CalibrationSet, layers: Mapping[str, Shape]) -> None:
    where, arrays = calibration.path, calibration.layers
    if len(arrays) != len(layers):
        raise GraphError(
            f"{where}: found {len(arrays)} arrays, expected {len(layers)}: one for each input of the "
            "model; calibrate again with this model"
        )
    if len(layers) == 1:
        arrays = dict(zip(layers, arrays.values(), strict=True))
    for name, shape in layers.items():
        if name not in arrays:
            raise GraphError(
                f"{where}: found arrays {', '.join(arrays)}, expected {name} among them; calibrate again "
                "with this model"
            )
        if arrays[name] != shape:
            of = "" if len(layers) == 1 else f" for {name}"
            raise GraphError(
                f"{where}: found windows of {list(arrays[name])}{of}, expected the model's {list(shape)} "
                "(height, width, features); calibrate again with this model"
            )


def _shape_of(archive: zipfile.ZipFile, name: str) -> Shape:
    header = array_header(archive, name)
    if header.is_column_major or header.dtype.kind != "f":
        raise RecordError(f"{shown(name)}: found an array of {header.dtype}, expected float32 in C order")
    return header.shape


def _write_header(member: Any, shape: Shape) -> None:
    np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": shape})


def _read_metadata(archive: zipfile.ZipFile) -> CalibrationMetadata:
    return record_of(CalibrationMetadata, require_object(parse_json(read_text(archive, METADATA_ARRAY))))
