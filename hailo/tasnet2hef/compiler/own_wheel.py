"""Packs this package into a wheel again, for a machine that has neither a clone nor an index that holds it.

The files are those that run, whether they come from a wheel or from a checkout; the metadata is that of the
installed distribution. Format: the binary distribution format of packaging.python.org (PEP 427).
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from tasnet2hef.base.archive import write_archive
from tasnet2hef.base.environments import package_home
from tasnet2hef.base.version import __version__

PACKAGE: Final = "tasnet2hef"
WHEEL_NAME: Final = f"{PACKAGE}-{__version__}-py3-none-any.whl"
_INFO: Final = f"{PACKAGE}-{__version__}.dist-info"
_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: tasnet2hef\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_LEFT_OUT: Final = ("__pycache__", "assets")
"""Folders of no use to a compile; ``assets`` are the demo's."""


def write_own_wheel(folder: Path) -> Path | None:
    """Write the wheel, and return its path; None where this package runs without being installed: no metadata.

    Raises:
        OptionError: it can't be written.
    """
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:
        return None
    members = _package_files() | _metadata(installed)
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in sorted(members.items()))
    members[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    return write_archive(folder / WHEEL_NAME, members)


def _package_files() -> dict[str, bytes]:
    home = package_home()
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in (home / PACKAGE).rglob("*")
        if path.is_file() and not {*_LEFT_OUT} & {*path.relative_to(home).parts} and path.name[0] != "."
    }


def _metadata(installed: Distribution) -> dict[str, bytes]:
    """Return the files of the metadata; an editable install's version may be an earlier one than the code's."""
    described = re.sub(
        r"(?m)^Version: .*$", f"Version: {__version__}", installed.read_text("METADATA") or "", count=1
    )
    texts = {"METADATA": described, "WHEEL": _WHEEL, "entry_points.txt": installed.read_text("entry_points.txt")}
    licences = [path for path in installed.files or () if "licenses" in path.parts]
    texts |= {f"licenses/{path.name}": path.read_text() for path in licences}
    return {f"{_INFO}/{name}": text.encode() for name, text in texts.items() if text}


def _digest(content: bytes) -> str:
    """Return a SHA-256 as a wheel's RECORD spells it."""
    return f"sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')}"
