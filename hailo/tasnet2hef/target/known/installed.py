"""The version of the compiler that is installed, read from its package's metadata: nothing is imported or run."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tasnet2hef.base.environments import TO_HAILO, environment_python

PACKAGE: Final = "hailo-dataflow-compiler"
_FOLDER: Final = re.compile(r"hailo[_-]dataflow[_-]compiler-([^-]+)\.dist-info")


def installed_compiler(python: str = "") -> str:
    """Return the compiler's version in a Python's environment; without ``python``, in this one or `to-hailo-env`.

    Empty where none is found.
    """
    if python and Path(python) != Path(sys.executable):
        return _version_beside(Path(python))
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "" if python else _version_beside(environment_python(TO_HAILO))


def _version_beside(python: Path) -> str:
    """Return the version in the environment of an interpreter, by the folder of the package's metadata."""
    for folder in sorted(python.parent.parent.glob("lib*/python3*/site-packages/*.dist-info")):
        if found := _FOLDER.fullmatch(folder.name):
            return found[1]
    return ""
