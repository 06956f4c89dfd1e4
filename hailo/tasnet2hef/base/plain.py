"""Dataclasses as plain JSON values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: dataclasses and mappings as objects, sequences as lists, paths as text.

    A dataclass becomes an object of its fields, in their order.

    Raises:
        TypeError: the value, or one inside it, is none of these nor text, a number, a truth value or None.

    >>> plain({"shape": (1, 2), "path": PurePath("a/b")})
    {'shape': [1, 2], 'path': 'a/b'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, PurePath):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"found {type(value).__name__}, expected a dataclass, mapping, sequence, path, text or number")
