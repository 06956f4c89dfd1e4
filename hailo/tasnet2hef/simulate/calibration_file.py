"""Calibration sets on disk: an ``.npz`` with one NHWC array per input layer, and a record of where it comes from.

``numpy.load`` reads it and the compiler takes its arrays as they are, under the name of its own input layer. It is
written and read window by window, so that a set of any size needs the memory of one window.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.errors import GraphError, InputError
from tasnet2hef.files import written_beside
from tasnet2hef.graph.onnx_node import Shape
from tasnet2hef.provenance import Provenance
from tasnet2hef.run.backends import Samples
from tasnet2hef.version import __version__

RECORD_KEY: Final = "tasnet2hef_record"
SAME_FEED: Final = ("sample_rate", "stride", "kernel_size", "encoder_padding")
"""Fields of a spec that decide how a window is cut; the rest of it can't change what a window is."""


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord:
    """Where a set comes from. Levels are in dB of full scale."""

    model: str
    model_digest: str
    provenance: str
    """The graph's own record, as `Provenance.to_json` writes it."""
    seed: int
    windows: int
    recordings: int
    seconds_of_audio: float
    mixed: int
    level_spread_db: float
    silent_windows: int
    clipped_windows: int
    median_level_db: float
    notes: list[str] = field(default_factory=list)
    version: str = __version__


@dataclass(frozen=True)
class CalibrationSet:
    """An opened set: ``shape`` is that of one window, ``[height, width, features]``."""

    path: Path
    input_layer: str
    shape: Shape
    windows: int
    record: CalibrationRecord | None

    def frames(self) -> Iterator[Samples]:
        """Go through the windows as ``[row, sample of the row]``, one in memory at a time."""
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{self.input_layer}.npy") as member:
            _, dtype = _read_header(member)
            size = int(np.prod(self.shape))
            for number in range(self.windows):
                block = np.frombuffer(member.read(size * dtype.itemsize), dtype)
                if block.size != size:
                    raise InputError(f"{self.path}: cut short in window {number + 1}; calibrate again")
                window = block.astype(np.float32).reshape(-1, self.shape[-1])
                if not np.isfinite(window).all():
                    raise InputError(
                        f"{self.path}: found NaN or infinite samples in window {number + 1}, expected finite "
                        "ones; calibrate again"
                    )
                yield window


def write_calibration(
    path: Path, input_layer: str, shape: Shape, windows: Iterable[Samples], count: int, record: Any
) -> None:
    """Write ``count`` windows ``[row, sample of the row]`` as one NHWC array; ``record()`` is asked at the end."""
    with written_beside(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(entry(input_layer), "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, *shape)}
            np.lib.format.write_array_header_1_0(member, header)
            for window in windows:
                member.write(np.ascontiguousarray(window, "<f4").tobytes())
        text = io.BytesIO()
        np.save(text, np.array(json.dumps(dataclasses.asdict(record()), sort_keys=True)))
        archive.writestr(entry(RECORD_KEY), text.getvalue())


def entry(array: str) -> zipfile.ZipInfo:
    """Return an archive's entry for an array, without a date: the same windows make the same file."""
    made = zipfile.ZipInfo(f"{array}.npy")
    made.external_attr = 0o644 << 16
    return made


def open_calibration(path: Path) -> CalibrationSet:
    """Open a set without reading its windows.

    Raises:
        InputError: it is missing, no ``.npz``, or holds no single 4-D array of windows.
    """
    if not path.is_file():
        raise InputError(f"{path}: found nothing, expected a calibration set; make it with `tasnet2hef calibrate`")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name).stem for name in archive.namelist() if name.endswith(".npy")]
            record = _read_record(archive) if RECORD_KEY in names else None
            inputs = [name for name in names if name != RECORD_KEY]
            if len(inputs) != 1:
                raise InputError(f"{path}: found arrays {', '.join(inputs) or 'none'}, expected one input layer")
            with archive.open(f"{inputs[0]}.npy") as member:
                shape, _ = _read_header(member)
    except (zipfile.BadZipFile, ValueError, TypeError, OSError, KeyError) as error:
        raise InputError(
            f"{path}: not a calibration set ({error}); make it with `tasnet2hef calibrate`"
        ) from error
    if len(shape) != 4 or not shape[0]:
        raise InputError(
            f"{path}: found an array of shape {list(shape)}, expected [window, height, width, features]"
        )
    return CalibrationSet(path, inputs[0], shape[1:], shape[0], record)


def require_fit(calibration: CalibrationSet, provenance: Provenance, digest: str, input_layer: str) -> list[str]:
    """Check that a set was cut for a model's window; return notes where it fits but was made for another.

    Raises:
        GraphError: its shape, its rate or the way its windows are cut differ from the model's.
    """
    where = calibration.path
    _, stride, height, width = provenance.input_shape
    if calibration.shape != (height, width, stride):
        raise GraphError(
            f"{where}: found windows of {list(calibration.shape)}, expected the model's {[height, width, stride]} "
            "(height, width, features); calibrate again with this model"
        )
    if calibration.record is None:
        return [f"{where}: holds no record of its making; its rate and levels can't be checked"]
    made_for = Provenance.from_metadata({"tasnet2hef": calibration.record.provenance}, str(where))
    theirs, ours = made_for.spec.as_dict(), provenance.spec.as_dict()
    for name in SAME_FEED:
        if theirs[name] != ours[name]:
            raise GraphError(
                f"{where}: made for another model: {name} found {theirs[name]}, expected {ours[name]}; calibrate "
                "again with this model"
            )
    if calibration.record.model_digest == digest and calibration.input_layer == input_layer:
        return []
    differing = [f"{name} {theirs[name]} there, {ours[name]} here" for name in ours if theirs[name] != ours[name]]
    return [
        f"{where}: made for {calibration.record.model}, another model with the same window"
        + (f" ({'; '.join(differing)})" if differing else "")
        + ": its audio serves as well"
    ]


def digest_of(path: Path) -> str:
    """Return the first 16 digits of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _read_header(member: Any) -> tuple[Shape, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(member)
    if fortran or dtype.kind != "f":
        raise ValueError(f"array of {dtype}, expected float32 in C order")
    return tuple(shape), dtype


def _read_record(archive: zipfile.ZipFile) -> CalibrationRecord:
    text = str(np.load(io.BytesIO(archive.read(f"{RECORD_KEY}.npy")), allow_pickle=False))
    known = {each.name for each in dataclasses.fields(CalibrationRecord)}
    return CalibrationRecord(**{name: value for name, value in json.loads(text).items() if name in known})
