"""Reads a log that somebody else's run left: bounded, in any encoding, without colours and control characters."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import BinaryIO, Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.supervise.log import clean

HEAD_BYTES: Final = 1 << 18
TAIL_BYTES: Final = 1 << 21
"""What is read of a long log: its beginning and its end, where the reason is."""
STDIN: Final = Path("-")
_BINARY_SHARE: Final = 0.1

SUCCESS: Final = re.compile(
    r"\bTranslation completed\b|\bSuccessful (?:Compilation|Partition and Allocation|Kernel Compilation)\b"
    r"|\bModel Optimization is done\b|\bSaved (?:HAR|HEF)\b|\b(?:HAR|HEF) (?:was |is )?(?:saved|written)\b"
    r"|\bCompilation (?:done|completed|successful|succeeded)\b|\bBuilding HEF\b"
)
"""Lines by which a stage says that it is done: what was printed before them did not stop it."""
FAILURE: Final = re.compile(
    r"Traceback \(most recent|(?i:^[ \t]{0,40}(?:\S{1,60}[ \t]){0,3}\[?(?:error|critical|fatal)\]?(?:[ \t:]|$))"
    r"|(?i:\[(?:error|critical|fatal)\])|\b[A-Z]\w{1,80}(?:Error|Exception|Fixable|Unfeasible)\b|\bBadInputsShape\b"
    r"|(?i:\b(?:failed|failure|aborted|core dumped|segmentation fault|assertion)\b)|\bkilled by SIG"
    r"|\bHAILO_(?!SUCCESS)[A-Z][A-Z_]{2,60}\(\d|\bUnable to (?:find|parse)\b"
)
"""Lines that speak of a failure."""


def read_log(path: Path, stdin: BinaryIO | None = None) -> str:
    """Return the text of a log, at most its beginning and end; `-` is the standard input.

    Raises:
        InputError: it is missing, empty, or not text.
    """
    if path == STDIN:
        return _text(_ends_of_stream(stdin or sys.stdin.buffer), "standard input")
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "nothing there" if not path.exists() else "not a plain file"
            raise InputError(f"{path}: found {what}, expected a text log of the compiler or of HailoRT")
        with path.open("rb") as file:
            return _text(_ends_of_file(file), str(path))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}); give a text log") from error


def after_success(text: str) -> str:
    """Return what a log says after the last line by which a stage said that it was done."""
    end = 0
    for match in SUCCESS.finditer(text):
        end = match.end()
    return text[end:]


def holds_failure(text: str) -> bool:
    """Return whether a log speaks of a failure after its last success.

    >>> holds_failure("[error] retrying\\n[info] Successful Compilation"), holds_failure("[error] no")
    (False, True)
    """
    lines = after_success(text).split("\n")
    return any(FAILURE.search(line) and not _HARMLESS.search(line) for line in lines)


_HARMLESS: Final = re.compile(
    r"flow failed: Recoverable|dlerror|cuInit|Could not load dynamic library"
    r"|(?i:\b(?:0|no) (?:errors?|failures?|failed)\b)"
    r"|(?i:\[(?:info|debug)\] .*\b(?:retry|retrying)\b)"
)
"""Lines that sound like a failure in runs that end well."""


def ends_well(text: str) -> bool:
    """Return whether a text is a log, by its own lines, and speaks of no failure after its last success."""
    return bool(SUCCESS.search(text) or _INFO.search(text)) and not holds_failure(text)


_INFO: Final = re.compile(r"(?i:\[info\])|\bINFO\b")


def _ends_of_file(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(0)
    if size <= HEAD_BYTES + TAIL_BYTES:
        return file.read()
    head = file.read(HEAD_BYTES)
    file.seek(size - TAIL_BYTES)
    return head + b"\n" + file.read()


def _ends_of_stream(stream: BinaryIO) -> bytes:
    head, tail = stream.read(HEAD_BYTES), b""
    cut = False
    while block := stream.read(TAIL_BYTES):
        cut = cut or len(tail) + len(block) > TAIL_BYTES
        tail = (tail + block)[-TAIL_BYTES:]
    return head + (b"\n" if cut else b"") + tail


def _text(content: bytes, where: str) -> str:
    if not content.strip(b"\0 \t\r\n"):
        raise InputError(f"{where}: is empty; give the log of the stage that failed")
    text = _decoded(content)
    odd = sum(text.count(chr(code)) for code in (*range(9), *range(14, 27), *range(28, 32))) + text.count("\ufffd")
    if odd > _BINARY_SHARE * len(text):
        raise InputError(f"{where}: found binary data, expected a text log of the compiler or of HailoRT")
    return clean(text.replace("\r\n", "\n"))


def _decoded(content: bytes) -> str:
    """Decode by the byte order mark, else as UTF-16 where every other byte is 0, else as UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    start = content[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) > 3 and start[offset::2].count(0) > 0.4 * len(start):
            return content.decode(name, "replace")
    return content.decode("utf-8-sig", "replace")
