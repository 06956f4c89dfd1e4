"""The two Python environments beside the package, and the variables that let another Python import it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

TO_ONNX: Final = "to-onnx-env"
TO_HAILO: Final = "to-hailo-env"
MAKE_WITH: Final = {
    TO_ONNX: "make onnx-env",
    TO_HAILO: "make hailo-env DFC=path/to/hailo_dataflow_compiler.whl",
}
_SITES: Final = ("site-packages", "dist-packages")


def package_home() -> Path:
    """Return the folder that holds the package: ``hailo/`` of a checkout, or a Python's ``site-packages``."""
    return Path(__file__).resolve().parents[2]


def environment_python(name: str) -> Path:
    """Return the path of an environment's Python, installed or not; links are kept: they identify an environment.

    >>> environment_python("to-hailo-env").parts[-3:]
    ('to-hailo-env', 'bin', 'python')
    """
    return package_home() / name / "bin" / "python"


def package_environment() -> dict[str, str]:
    """Return the variables with which another Python, started in any folder, can import this package."""
    home = package_home()
    folders = [] if home.name in _SITES else [str(home)]
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders += [os.path.abspath(folder) for folder in inherited if folder]
    path = {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
    return {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **path}
