"""Zip archives whose bytes depend on their contents alone: no times, no owners, members by name."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tasnet2hef.base.files import written_beside

_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that the format can hold."""
_READABLE: Final = 0o100644 << 16


def write_archive(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write an archive of files by name, and return its path.

    Raises:
        OptionError: it can't be written.
    """
    with written_beside(path) as part, zipfile.ZipFile(part, "w") as archive:
        for name, content in sorted(members.items()):
            member = zipfile.ZipInfo(name, _FIRST_DATE)
            member.external_attr = _READABLE
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path
