"""The contents of a calibration set that was just written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasnet2hef.quantize.calibration.calibration_set import CalibrationMetadata
from tasnet2hef.target.graph.onnx_node import Shape


@dataclass(frozen=True)
class CalibrationReport:
    """The written set; ``warning`` is not empty if the compiler will drop passes for lack of windows.

    ``layers`` are the input layers with the shape of one window of each: the first holds the audio, the others the
    past rows of a graph with a state.
    """

    path: Path
    layers: Mapping[str, Shape]
    metadata: CalibrationMetadata
    warning: str

    @property
    def input_layer(self) -> str:
        """Name of the input layer that holds the audio."""
        return next(iter(self.layers))

    @property
    def shape(self) -> Shape:
        """Shape of one window of audio, ``[height, width, features]``."""
        return self.layers[self.input_layer]

    @property
    def size_bytes(self) -> int:
        """Bytes of all arrays."""
        return set_bytes(self.layers, self.metadata.windows)

    def to_json(self) -> dict[str, object]:
        """Return what `calibrate --json` prints."""
        metadata = self.metadata
        return {
            "calibration": str(self.path),
            "input_layer": self.input_layer,
            "shape": [metadata.windows, *self.shape],
            "arrays": {name: [metadata.windows, *shape] for name, shape in self.layers.items()},
            "bytes": self.size_bytes,
            "windows": metadata.windows,
            "recordings": metadata.recordings,
            "mixed": metadata.mixed,
            "seconds_of_audio": round(metadata.seconds_of_audio, 3),
            "silent_windows": metadata.silent_windows,
            "clipped_windows": metadata.clipped_windows,
            "median_level_db": round(metadata.median_level_db, 2),
            "warning": self.warning,
            "notes": metadata.notes,
        }


def set_bytes(layers: Mapping[str, Shape], windows: int) -> int:
    """Return the size of a set in float32.

    >>> set_bytes({"input_layer1": (100, 1, 8)}, 64)
    204800
    """
    return 4 * windows * sum(math.prod(shape) for shape in layers.values())
