"""Reads the shapes of the arrays of an ``.npz`` file from their headers: the data itself is not read."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

from numpy.lib import format as npy

from tasnet2hef.base.errors import InputError


def window_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of one window of each array with windows, by the array's name.

    Raises:
        InputError: it is missing, or not an ``.npz`` of arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            shapes = {name.removesuffix(".npy"): _shape(archive, name) for name in names}
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, KeyError, NotImplementedError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: not a calibration set ({reason}); expected an .npz of NHWC arrays") from error
    return {name: shape[1:] for name, shape in shapes.items() if len(shape) > 1}


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    with archive.open(name) as array:
        return _header_shape(array)


def _header_shape(array: IO[bytes]) -> tuple[int, ...]:
    version = npy.read_magic(array)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape: tuple[int, ...] = read(array)[0]
    return shape
