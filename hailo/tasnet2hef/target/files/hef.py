"""Reads a HEF, the compiler's output, without the vendor's runtime."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.file_summary import FileSummary, size_of
from tasnet2hef.target.files.hef_header import LONGEST_HEADER_BYTES, HefHeader, read_header
from tasnet2hef.target.files.hef_schema import parse
from tasnet2hef.target.files.hef_summary import summarise

_WRONG = "WRONG: "


def read_hef(path: str | Path, *, damaged: bool = False) -> FileSummary:
    """Return the summary of a HEF; its weights are not read. Shapes are `[height, width, features]`.

    With ``damaged`` a file that is cut off after its metadata, or whose checksum differs, is read too, and a note
    describes the damage. Header version 1 is experimental: no file of it was available.

    Raises:
        InputError: not a HEF, cut off, altered, or of a header version that isn't known.
    """
    file = Path(path)
    size = size_of(file)
    try:
        with file.open("rb") as handle:
            head = handle.read(LONGEST_HEADER_BYTES)
            header = read_header(head, size, str(file))
            handle.seek(header.starts[0])
            body = handle.read(LONGEST_HEADER_BYTES + header.protobuf_bytes)
    except OSError as error:
        raise InputError(f"{file}: can't be read ({error.strerror}); give a .hef file") from None
    start, protobuf = _protobuf(header, body, str(file))
    checks = {"checksum": _checksum(header, protobuf), "length": _length(header, start, size)}
    faults = [result for result in checks.values() if result.startswith(_WRONG)]
    if faults and not damaged:
        raise InputError(f"{file}: {faults[0][len(_WRONG) :]}; copy it again, or read what is left with --damaged")
    return summarise(parse(protobuf, str(file)), file, size, header, start, checks)


def _protobuf(header: HefHeader, body: bytes, where: str) -> tuple[int, bytes]:
    """Return where the protobuf starts and its bytes."""
    first, *others = header.starts
    if not others:
        return first, body[: header.protobuf_bytes]
    for start in header.starts:
        protobuf = body[start - first :][: header.protobuf_bytes]
        try:
            if len(protobuf) == header.protobuf_bytes and parse(protobuf, where).header.sdk_version:
                return start, protobuf
        except InputError:
            continue
    raise InputError(f"{where}: its metadata was not found after its header of version {header.version}")


def _checksum(header: HefHeader, protobuf: bytes) -> str:
    if header.md5 is not None:
        computed = hashlib.md5(protobuf, usedforsecurity=False).digest()
        return _compared("MD5", computed.hex(), header.md5.hex())
    if header.xxh3 is not None:
        try:
            import xxhash
        except ModuleNotFoundError:
            return "not checked: the package xxhash is not installed"
        return _compared("XXH3", f"{xxhash.xxh3_64_intdigest(protobuf):016x}", f"{header.xxh3:016x}")
    return f"not checked: what the checksum of header version {header.version} covers is not recorded"


def _compared(kind: str, computed: str, stored: str) -> str:
    if computed == stored:
        return f"{kind} of the metadata agrees"
    return f"{_WRONG}the {kind} of its metadata is {computed}, expected {stored} by its header: altered or damaged"


def _length(header: HefHeader, start: int, size: int) -> str:
    """Compare the file's length with its header; version 3 gives a lower bound only."""
    if header.version in (1, 2):
        return f"not checked: the header of version {header.version} is not recorded"
    needed = start + header.protobuf_bytes + (header.weights_bytes or 0)
    if size < needed:
        return f"{_WRONG}cut off in its weights: {size:,} bytes, expected at least {needed:,} by its header"
    if header.version == 0 and size > needed:
        return f"{size - needed:,} bytes more than its header says"
    return "complete"
