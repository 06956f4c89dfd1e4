"""What a report of an error needs: versions and the traceback."""

from __future__ import annotations

import platform
import sys
import traceback

from tasnet2hef.base.version import __version__, installed_versions

_PACKAGES = ("numpy", "onnx", "onnxruntime", "protobuf", "torch", "typer")


def print_debugging(error: BaseException) -> None:
    """Print the traceback, then the versions of what matters, to stderr."""
    traceback.print_exception(error)
    print(versions(), file=sys.stderr)


def versions() -> str:
    """Return the versions that this runs with, in one line."""
    installed = installed_versions(_PACKAGES)
    packages = ", ".join(f"{name} {installed.get(name, 'absent')}" for name in _PACKAGES)
    return f"tasnet2hef {__version__}, Python {platform.python_version()}, {packages}, {platform.platform()}"
