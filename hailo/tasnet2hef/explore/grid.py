"""Grids: which points a study has. A default one for any net, or one's own as TOML."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Le, MinLen

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import RecordError, decoded, read_bounded, record_of, shown
from tasnet2hef.base.text import nearest
from tasnet2hef.explore.point import DEFAULT_SECONDS, EIGHT_BITS, EXACT, FROZEN, HOST, SIXTEEN_BITS, Point

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_POINTS: Final = 5_000
SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
_MOST_BYTES: Final = 1 << 20
_FURTHER: Final = "grid"
"""Name of the tables that hold further grids."""


@dataclass(frozen=True)
class Axes:
    """The values of each axis; every combination is a point. The names and values are those of ``Point``."""

    norms: Annotated[tuple[Annotated[str, MinLen(1)], ...], MinLen(1)] = (EXACT,)
    seconds: Annotated[tuple[Annotated[float, Ge(0.02), Le(600)], ...], MinLen(1)] = (DEFAULT_SECONDS,)
    chunk: Annotated[tuple[Annotated[int, Ge(0), Le(4096)], ...], MinLen(1)] = (0,)
    layout: Annotated[tuple[Literal["tall", "wide"], ...], MinLen(1)] = ("tall",)
    residual: Annotated[tuple[Literal["separate", "joint"], ...], MinLen(1)] = ("separate",)
    shift: Annotated[tuple[Literal["fold", "layer"], ...], MinLen(1)] = ("fold",)
    streams: Annotated[tuple[Literal[1, 2, 4, 8], ...], MinLen(1)] = (1,)
    segments: Annotated[tuple[Annotated[int, Ge(1), Le(1000)], ...], MinLen(1)] = (1,)
    ends: Annotated[tuple[Literal["chip", "host"], ...], MinLen(1)] = ("chip",)
    precision: Annotated[tuple[Literal["a8_w8", "a16_w16", "search"], ...], MinLen(1)] = (EIGHT_BITS,)

    @property
    def size(self) -> int:
        """The number of combinations."""
        size = 1
        for name in NAMES:
            size *= len(getattr(self, name))
        return size

    def points(self) -> list[Point]:
        """Return every combination, the last axis first."""
        values = [getattr(self, name) for name in NAMES]
        return [Point(**dict(zip(NAMES, chosen, strict=True))) for chosen in itertools.product(*values)]


NAMES: Final = tuple(field.name for field in fields(Axes))


def default_grid(*, streams_over_time: bool, has_skip: bool, causal: bool) -> tuple[Axes, ...]:
    """Return the grid for a net that is not known further: fifteen to forty points, without searches.

    ``streams_over_time``: its norms need nothing over time. ``causal``: it can be run in chunks once its norms
    need nothing.
    """
    norms = (EXACT,) if streams_over_time else (EXACT, FROZEN)
    best = norms[-1:]
    residual: tuple[Literal["separate", "joint"], ...] = ("separate", "joint") if has_skip else ("separate",)
    grids = [
        Axes(norms=norms, seconds=SECONDS, residual=residual, precision=(EIGHT_BITS, SIXTEEN_BITS)),
        Axes(norms=best, shift=("layer",)),
        Axes(norms=best, layout=("wide",)),
        Axes(norms=best, streams=(4,)),
        Axes(norms=best, segments=(2,)),
        Axes(norms=norms, ends=(HOST,)),
    ]
    if causal:
        grids.append(Axes(norms=best, chunk=(32, 128), residual=residual))
    return tuple(grids)


def points_of(grids: Iterable[Axes]) -> list[Point]:
    """Return all points of some grids, each once.

    Raises:
        OptionError: there are more than 5,000.
    """
    grids = tuple(grids)
    count = sum(grid.size for grid in grids)
    if count > MOST_POINTS:
        raise OptionError(f"grid: found {count:,} points, expected at most {MOST_POINTS:,}; leave values out")
    return list(dict.fromkeys(point for grid in grids for point in grid.points()))


def read_grid(path: Path) -> tuple[Axes, ...]:
    """Return the grids of a TOML file: the lists at its top are one, each table ``[[grid]]`` is another.

    Raises:
        OptionError: it can't be read, an axis or a value is unknown, or it has no points.
    """
    if not path.exists():
        raise OptionError(f"{path}: found nothing, expected a grid as TOML; see --grid in the documentation")
    try:
        content = tomllib.loads(decoded(read_bounded(path, _MOST_BYTES)))
    except (OSError, RecordError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OptionError(f"{path}: can't be read as TOML ({reason[:200]}), expected a grid; correct it") from None
    further = content.pop(_FURTHER, [])
    if not isinstance(further, list):
        raise OptionError(f"{path}: {_FURTHER}: found {shown(further)}, expected tables written [[{_FURTHER}]]")
    tables = [*([content] if content else []), *further]
    if not tables:
        raise OptionError(f"{path}: found no axis, expected one of {', '.join(NAMES)}")
    return tuple(_axes(path, table) for table in tables)


def _axes(path: Path, table: Any) -> Axes:
    if not isinstance(table, Mapping):
        raise OptionError(f"{path}: {_FURTHER}: found {shown(table)}, expected tables written [[{_FURTHER}]]")
    for name, values in table.items():
        if name not in NAMES:
            hint = nearest(name, NAMES) or f"expected one of {', '.join(NAMES)}"
            raise OptionError(f"{path}: found the axis {shown(name)}, which is unknown; {hint}")
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise OptionError(f"{path}: {name}: found {shown(values)}, expected a list such as {_example(name)}")
        for value in values:
            sound = isinstance(value, str | int | float) and not isinstance(value, bool)
            if not sound or value != value:  # a date, a table; NaN
                raise OptionError(f"{path}: {name}: found {shown(value)}, expected values as in {_example(name)}")
    try:
        return record_of(Axes, table)
    except RecordError as error:
        raise OptionError(f"{path}: {error}; correct that value") from None


def _example(name: str) -> str:
    return f"{name} = {list(getattr(Axes(), name))}".replace("'", '"')
