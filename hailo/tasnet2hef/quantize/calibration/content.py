"""What the windows of a set without metadata show: their level, and whether they differ."""

from __future__ import annotations

from typing import Final

import numpy as np

from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet
from tasnet2hef.target.graph.opened import OpenedGraph

FARTHEST_DB: Final = 15.0
"""Distance of the median window from the model's level that is still usual. Chosen, not measured."""
SILENT_DBFS: Final = -100.0


def remarks_of(calibration: CalibrationSet, graph: OpenedGraph) -> list[str]:
    """Return remarks on the audio of a set that holds no metadata; none where it does: they say what is in it."""
    if calibration.metadata is not None:
        return []
    return _remarks(calibration, graph.require_contract().input_level_dbfs)


def _remarks(calibration: CalibrationSet, level_dbfs: float | None) -> list[str]:
    levels, digests = [], []
    for frames in calibration.frames():
        level = rms_dbfs(frames.ravel())
        if level > SILENT_DBFS:
            levels.append(level)
            digests.append(digest_of_bytes(frames.tobytes()))
    where, remarks = calibration.path, []
    median = float(np.median(levels)) if levels else None
    if level_dbfs is not None and median is not None and abs(median - level_dbfs) > FARTHEST_DB:
        remarks.append(
            f"{where}: its windows are at {median:.0f} dBFS (median), {abs(median - level_dbfs):.0f} dB "
            f"{'above' if median > level_dbfs else 'below'} the model's level of {level_dbfs:.0f} dBFS; bring "
            "them to that level, or make the set with `tasnet2hef calibrate`"
        )
    again = len(digests) - len(set(digests))
    if again:
        remarks.append(
            f"{where}: {again} of {len(digests)} windows repeat another one exactly; ranges are measured on "
            f"{len(set(digests))} different ones only: give as many different windows"
        )
    return remarks
