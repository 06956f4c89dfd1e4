"""Reads the shapes of the arrays of an ``.npz`` file from their headers: the data itself is not read."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.npz import array_header, array_names, opened_npz
from tasnet2hef.base.records import RecordError


def array_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array by its name.

    Raises:
        InputError: it is missing, or not an ``.npz`` of arrays.
    """
    try:
        with opened_npz(path) as archive:
            return {name: array_header(archive, name).shape for name in array_names(archive)}
    except RecordError as error:
        raise InputError(f"{path}: not a calibration set: {error}; give an .npz of NHWC arrays") from error


def window_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of one window of each array with windows, by the array's name.

    Raises:
        InputError: it is missing, or not an ``.npz`` of arrays.
    """
    return {name: shape[1:] for name, shape in array_shapes(path).items() if len(shape) > 1}
