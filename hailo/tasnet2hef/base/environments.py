"""The two environments beside the package, and what a process in another Python needs to import it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import tasnet2hef

TO_ONNX: Final = "to-onnx-env"
TO_HAILO: Final = "to-hailo-env"
MAKE_WITH: Final = {
    TO_ONNX: "make onnx-env",
    TO_HAILO: "make hailo-env DFC=path/to/hailo_dataflow_compiler.whl",
}
_SITES: Final = ("site-packages", "dist-packages")


def package_home() -> Path:
    """Return the folder that holds the package: ``hailo/`` of a checkout, or a Python's ``site-packages``."""
    return Path(tasnet2hef.__file__).resolve().parent.parent


def environment_python(name: str) -> Path:
    """Return where an environment's Python is, or would be; links are kept, for they tell an environment.

    >>> environment_python("to-hailo-env").parts[-3:]
    ('to-hailo-env', 'bin', 'python')
    """
    return package_home() / name / "bin" / "python"


def package_environment() -> dict[str, str]:
    """Return the variables of a process that imports this package by another Python, in a folder of its own."""
    home = package_home()
    places = [] if home.name in _SITES else [str(home)]
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places += [os.path.abspath(place) for place in given if place]
    path = {"PYTHONPATH": os.pathsep.join(places)} if places else {}
    return {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **path}
