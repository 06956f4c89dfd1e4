"""What a report of an error needs: versions and the traceback."""

from __future__ import annotations

import platform
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version

from tasnet2hef.base.version import __version__

_PACKAGES = ("numpy", "onnx", "onnxruntime", "protobuf", "torch", "typer")


def print_debugging(error: BaseException) -> None:
    """Print the traceback, then the versions of what matters, to stderr."""
    traceback.print_exception(error)
    print(versions(), file=sys.stderr)


def versions() -> str:
    """Return the versions that this runs with, in one line."""
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    return f"tasnet2hef {__version__}, Python {platform.python_version()}, {packages}, {platform.platform()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
