"""Records from outside: JSON that is bounded in size, depth and digits, and dataclasses whose types are checked.

A record (of a graph, a calibration set, a run) may have been written by anybody, or have been damaged on the way.
Its errors are ``RecordError`` and say ``field: found X, expected Y``; who reads the file adds its name and what to
do. Types and ranges are those of the dataclass's annotations, read by pydantic: ``Annotated[int, Ge(1)]``.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

MOST_BYTES: Final = 2**26
"""The compiler's own graph of a large net has some ten MB."""
MOST_DEPTH: Final = 64
MOST_DIGITS: Final = 40
"""More than any number here has, and few enough that no later conversion of it to text is slow or refused."""
LONGEST_SHOWN: Final = 60
_SHOULD: Final = re.compile(r"^\w+ should (be |have )?")


class RecordError(ValueError):
    """A record that can't be read, or a value of it that is not what it must be."""


def shown(value: object, longest: int = LONGEST_SHOWN) -> str:
    r"""Return a value as a message shows it: on one line, without control characters, shortened.

    >>> shown("a\x1b[2J"), shown(10**100)
    ("'a\\x1b[2J'", 'a number of more than 40 digits')
    """
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        return f"a number of more than {MOST_DIGITS} digits"
    if isinstance(value, str | bytes):
        value = value[: longest + 1]
    elif isinstance(value, dict | list | tuple):
        return f"{'a mapping' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    text = ascii(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def decoded(content: bytes) -> str:
    """Return UTF-8 text, with or without a byte order mark.

    Raises:
        RecordError: it is none.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(f"byte {error.start}: found {content[error.start]:#04x}, expected UTF-8 text") from None


def read_bounded(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Return a file's bytes, at most ``most_bytes`` of them.

    Raises:
        RecordError: it is larger, or no file.
        OSError: it can't be read.
    """
    if not path.is_file():
        raise RecordError("not a file")
    if (size := path.stat().st_size) > most_bytes:
        raise RecordError(f"found {size:,} bytes, expected at most {most_bytes:,}")
    with path.open("rb") as opened:
        return opened.read(most_bytes)


def read_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """Return the value in a JSON file.

    Raises:
        RecordError: it is larger than ``most_bytes``, or see ``parse_json``.
        OSError: it can't be read.
    """
    return parse_json(read_bounded(path, most_bytes))


def parse_json(content: str | bytes) -> Any:
    """Return the value of JSON text: what any reader of JSON agrees on, and what can be written again.

    Raises:
        RecordError: it is no JSON, no UTF-8, nests deeper than 64 or has an integer of more than 40 digits, NaN,
            an infinite number, a name twice in one object, or half a character.

    >>> parse_json('{"rows": [1, 2.5]}')
    {'rows': [1, 2.5]}
    """
    text = decoded(content) if isinstance(content, bytes) else content
    try:
        value = json.loads(
            text, parse_int=_integer, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        raise RecordError(f"found no JSON ({error}), expected some") from None
    except RecursionError:
        raise RecordError(f"found more than {MOST_DEPTH} levels, expected fewer") from None
    _require_plain(value)
    return value


def require_object(value: Any) -> dict[str, Any]:
    """Return a value that must be a JSON object.

    Raises:
        RecordError: it is none.
    """
    if not isinstance(value, dict):
        raise RecordError(f"found {shown(value)}, expected an object")
    return value


def record_of(kind: type[T], value: Any) -> T:
    """Return the dataclass (or other type) that a parsed JSON value holds; names that it lacks are left out.

    Types are strict: no text is taken for a number, no truth value for an integer.

    Raises:
        RecordError: a value is missing, or has another type or range than the annotation.
    """
    from pydantic import ValidationError

    try:
        found: T = _adapter(kind).validate_json(json.dumps(value), strict=True)  # type: ignore[arg-type]  # is hashable
    except ValidationError as error:
        raise RecordError(_first(error.errors(include_url=False))) from None
    return found


@cache
def _adapter(kind: type[T]) -> TypeAdapter[T]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _first(errors: list[Any]) -> str:
    """Word the first of pydantic's errors."""
    error = errors[0]
    where = ".".join(shown_name(part) for part in error["loc"])
    begin = f"{where}: " if where else ""
    if error["type"] == "missing":
        return f"{begin}found nothing, expected a value"
    return f"{begin}found {shown(error['input'])}, expected {_SHOULD.sub('', error['msg'])}"


def shown_name(part: object) -> str:
    """Return a name in a record as a message shows it: ``shown`` without the quotes."""
    return shown(part).strip("'\"") if isinstance(part, str) else str(part)


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise RecordError(f"found an integer of {len(text):,} digits, expected at most {MOST_DIGITS}")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise RecordError(f"found {shown(text)}, expected a finite number")
    return number


def _no_number(text: str) -> NoReturn:
    raise RecordError(f"found {text}, expected a finite number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise RecordError(f"{shown_name(twice)}: found it twice in one object, expected it once")
    return found


def _require_plain(value: Any) -> None:
    """Check depth and texts, level by level."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _require_whole(each)
            elif isinstance(each, dict):
                for name in each:
                    _require_whole(name)
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return
        level = below
    raise RecordError(f"found more than {MOST_DEPTH} levels, expected fewer")


def _require_whole(text: str) -> None:
    """Refuse half a pair of surrogates, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RecordError(f"found {shown(text)} with half a character, expected whole ones") from None
