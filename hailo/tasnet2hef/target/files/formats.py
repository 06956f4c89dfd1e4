"""Reads a HEF, a HAR or an ONNX graph; the format is recognised by the content, not by the name."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.files import other_content
from tasnet2hef.target.files.file_summary import FileSummary, size_of
from tasnet2hef.target.files.har import is_har, read_har
from tasnet2hef.target.files.hef import read_hef
from tasnet2hef.target.files.hef_header import MAGIC

_EXPECTED = "a HEF, a HAR or an ONNX graph"


def read_file(path: str | Path, *, damaged: bool = False) -> FileSummary:
    """Return the summary of a file; ``damaged`` as in `read_hef`.

    Raises:
        InputError: none of these formats, or one that can't be read.
    """
    file = Path(path)
    size_of(file)
    try:
        with file.open("rb") as handle:
            head = handle.read(512)
    except OSError as error:
        raise InputError(f"{file}: can't be read ({error.strerror}); give {_EXPECTED}") from None
    if head[: len(MAGIC)] == MAGIC:
        return read_hef(file, damaged=damaged)
    if is_har(head):
        return read_har(file)
    if file.suffix.lower() == ".onnx":
        from tasnet2hef.target.files.onnx_file import read_onnx

        return read_onnx(file)
    if (other := other_content(head)) is not None:
        raise InputError(f"{file}: is {other}")
    raise InputError(f"{file}: starts with {head[:8]!r}, which is none of {_EXPECTED}; give one of these")
