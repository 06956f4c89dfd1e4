"""What a report of an error needs: versions and the traceback."""

from __future__ import annotations

import os
import platform
import sys
import traceback

from tasnet2hef.base.text import escaped
from tasnet2hef.base.version import __version__, installed_versions
from tasnet2hef.cli.root import is_debugging

_PACKAGES = ("numpy", "onnx", "onnxruntime", "protobuf", "torch", "typer")


def print_debugging(error: BaseException) -> None:
    """Print the traceback, then the versions of what matters, to stderr."""
    print(escaped("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    print(versions(), file=sys.stderr)


def wants_debugging() -> bool:
    """Return whether the user asked for it, by ``--debug`` or ``TASNET2HEF_DEBUG``."""
    return is_debugging() or os.environ.get("TASNET2HEF_DEBUG", "0") not in ("", "0")


def versions() -> str:
    """Return the versions that this runs with, in one line."""
    installed = installed_versions(_PACKAGES)
    packages = ", ".join(f"{name} {installed.get(name, 'absent')}" for name in _PACKAGES)
    return f"tasnet2hef {__version__}, Python {platform.python_version()}, {packages}, {platform.platform()}"
