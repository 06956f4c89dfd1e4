"""Finds the signatures: every module of ``compiler`` and ``runtime`` holds a table of them, as ``SIGNATURES``."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.target.failures import compiler, runtime
from tasnet2hef.target.failures.signature import Signature


@lru_cache(maxsize=1)
def compiler_signatures() -> tuple[Signature, ...]:
    """Return the failures of the compiler, in the order of their ids."""
    return _rows_of(compiler)


@lru_cache(maxsize=1)
def runtime_signatures() -> tuple[Signature, ...]:
    """Return the failures of HailoRT and its device, in the order of their ids."""
    return _rows_of(runtime)


def _rows_of(tables: ModuleType) -> tuple[Signature, ...]:
    rows: list[Signature] = [row for table in modules_of(tables) for row in table.SIGNATURES]
    return tuple(sorted(rows, key=lambda row: row.id))
