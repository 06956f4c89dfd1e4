"""From a folder of recordings to a calibration set for one model."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.errors import AudioError, GraphError, OptionError
from tasnet2hef.graph.onnx_node import Shape
from tasnet2hef.provenance import Provenance, metadata_of
from tasnet2hef.run.backends import Samples
from tasnet2hef.run.frames import window_to_frames
from tasnet2hef.simulate.calibration_file import CalibrationRecord, digest_of, write_calibration
from tasnet2hef.simulate.window_draw import (
    CLIPPED_FROM,
    SILENCE_DB,
    Draw,
    draw_windows,
    find_recordings,
    level_db,
    require_audio,
)

FULL_SET: Final = 1024
DEFAULT_WINDOWS: Final = 64
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class CalibrationReport:
    """The written set; ``warning`` is not empty where the compiler will drop passes for lack of windows."""

    path: Path
    input_layer: str
    shape: Shape
    record: CalibrationRecord
    warning: str

    def to_json(self) -> dict[str, object]:
        """Return what `calibrate --json` prints."""
        record = self.record
        return {
            "calibration": str(self.path),
            "input_layer": self.input_layer,
            "shape": [record.windows, *self.shape],
            "windows": record.windows,
            "recordings": record.recordings,
            "seconds_of_audio": round(record.seconds_of_audio, 3),
            "silent_windows": record.silent_windows,
            "clipped_windows": record.clipped_windows,
            "median_level_db": round(record.median_level_db, 2),
            "warning": self.warning,
            "notes": record.notes,
        }


def calibrate_file(
    model_path: Path, folder: Path, output: Path, draw: Draw, progress: Progress | None = None
) -> CalibrationReport:
    """Write a calibration set for a model from a folder of recordings.

    Raises:
        GraphError: the model can't be read or was not exported by tasnet2hef.
        AudioError: there is too little audio, nothing but silence, or a broken recording.
        OptionError: an option is out of range, or the output can't be written.
    """
    _require_options(draw)
    provenance, input_layer = describe_input(model_path)
    recordings, notes = find_recordings(folder)
    notes += require_audio(recordings, provenance, draw)
    if draw.mixed == 1 and provenance.spec.n_src > 1 and not recordings[0].path.stem.endswith("_mixture"):
        notes.append(
            f"the model separates {provenance.spec.n_src} sources: if each recording holds one voice, add "
            f"--mix {provenance.spec.n_src}"
        )
    levels = _Levels(folder)

    def frames() -> Iterator[Samples]:
        columns = _columns(provenance)
        drawn = draw_windows(recordings, provenance, replace(draw, windows=draw.windows * columns))
        for number in range(1, draw.windows + 1):
            side_by_side = list(itertools.islice(drawn, columns))
            levels.note(np.concatenate(side_by_side))
            yield np.stack([window_to_frames(window, provenance) for window in side_by_side], axis=1)
            if progress is not None:
                progress(number, draw.windows)
        levels.require_sound()

    def record() -> CalibrationRecord:
        return CalibrationRecord(
            model=model_path.name,
            model_digest=digest_of(model_path),
            provenance=provenance.to_json(),
            seed=draw.seed,
            windows=draw.windows,
            recordings=len(recordings),
            seconds_of_audio=sum(recording.seconds for recording in recordings),
            mixed=draw.mixed,
            level_spread_db=draw.level_spread_db,
            silent_windows=levels.silent,
            clipped_windows=levels.clipped,
            median_level_db=float(np.median(levels.levels_db)),
            notes=notes,
        )

    _, stride, height, width = provenance.input_shape
    shape = (height, width, stride)
    write_calibration(output, input_layer, shape, frames(), draw.windows, record)
    return CalibrationReport(output, input_layer, shape, record(), small_set_warning(draw.windows))


def _columns(provenance: Provenance) -> int:
    """Return how many windows lie side by side in one input of the graph."""
    _, _, height, width = provenance.input_shape
    return height * width // provenance.rows


def describe_input(model_path: Path) -> tuple[Provenance, str]:
    """Return a model's provenance and the compiler's name of its input layer.

    Raises:
        GraphError: the file can't be read, or was not exported by tasnet2hef.
    """
    from tasnet2hef.graph.loader import load_graph
    from tasnet2hef.graph.parser import parse

    net = parse(load_graph(model_path))
    return read_provenance(model_path), net.inputs[0].name


def read_provenance(model_path: Path) -> Provenance:
    """Return what an exported graph says of itself.

    Raises:
        GraphError: it takes more than a window of audio (a segment, or a chunk with its past).
    """
    import onnx

    model = onnx.load(str(model_path), load_external_data=False)
    provenance = Provenance.from_metadata(metadata_of(model), str(model_path))
    if provenance.stateful or provenance.segments > 1:
        found = "a chunk with its past rows" if provenance.stateful else "a segment of a net"
        raise GraphError(
            f"{model_path}: found {found}, expected a graph that takes a window of audio alone; use the whole "
            "export of the same model"
        )
    return provenance


def small_set_warning(windows: int) -> str:
    """Return what fewer than 1,024 windows lose, empty for enough of them."""
    if windows >= FULL_SET:
        return ""
    level = "level 0 or 1" if windows >= DEFAULT_WINDOWS else "level 0"
    return (
        f"{windows} windows: with fewer than {FULL_SET:,} the compiler falls back to optimisation {level} and "
        f"leaves out its fine-tuning (recorded), without saying much. `--windows {FULL_SET}` keeps it"
    )


class _Levels:
    """Counts silent and clipped windows as they pass."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.levels_db: list[float] = []
        self.silent = 0
        self.clipped = 0

    def note(self, window: Samples) -> None:
        self.levels_db.append(level_db(window))
        self.silent += self.levels_db[-1] < SILENCE_DB
        self.clipped += bool(np.abs(window).max() >= CLIPPED_FROM)

    def require_sound(self) -> None:
        if self.silent == len(self.levels_db):
            raise AudioError(
                f"{self.folder}: silence only: all {self.silent} windows lie below {SILENCE_DB:.0f} dB of full "
                f"scale, the loudest at {max(self.levels_db):.0f} dB; give recordings as the chip will hear them"
            )


def _require_options(draw: Draw) -> None:
    if draw.windows < 1:
        raise OptionError(
            f"windows: found {draw.windows}, expected 1 or more ({DEFAULT_WINDOWS}, or {FULL_SET:,})"
        )
    if not 1 <= draw.mixed <= 5:
        raise OptionError(f"mix: found {draw.mixed}, expected 1 to 5 recordings a window")
    if not 0 <= draw.level_spread_db <= 40:
        raise OptionError(f"level spread: found {draw.level_spread_db} dB, expected 0 to 40")
