"""A point of a study: one way to put a net on the chip."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

EXACT: Final = "exact"
FROZEN: Final = "frozen"
EIGHT_BITS: Final = "a8_w8"
SIXTEEN_BITS: Final = "a16_w16"
SEARCHED: Final = "search"
HOST: Final = "host"
DEFAULT_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """One variant; each field is an axis of a grid.

    ``norms``: ``exact``, ``frozen``, or the checkpoint of a student. ``seconds``: length of the window; a graph
    with a state has chunks of ``chunk`` frames instead (0: windows). ``ends``: where encoder and decoders run,
    ``chip`` or ``host``. ``precision``: ``a8_w8``, ``a16_w16``, or ``search`` for the cheapest 16-bit layers.
    """

    norms: str = EXACT
    seconds: float = DEFAULT_SECONDS
    chunk: int = 0
    layout: str = "tall"
    residual: str = "separate"
    shift: str = "fold"
    streams: int = 1
    segments: int = 1
    ends: str = "chip"
    precision: str = EIGHT_BITS

    def __str__(self) -> str:
        """Return it in words: the norms, the window, and what differs from the default.

        >>> str(Point(norms="frozen", seconds=1.0, residual="joint", precision="a16_w16"))
        'frozen, 1 s, joint, 16 bits'
        """
        window = f"chunk of {self.chunk}" if self.chunk else f"{self.seconds:g} s"
        words = [self.norms, window]
        if self.layout != "tall":
            words.append(self.layout)
        if self.residual == "joint":
            words.append("joint")
        if self.shift == "layer" and not self.chunk:
            words.append("shift as layer")
        words += [f"{getattr(self, name)} {name}" for name in ("streams", "segments") if _differs(self, name)]
        if self.ends == HOST:
            words.append("ends on host")
        return ", ".join([*words, *_PRECISION[self.precision]])

    @property
    def twin(self) -> Point:
        """The point that computes the same numbers as one whole graph of one stream, all of it on the chip."""
        return replace(self, streams=1, segments=1, ends="chip")

    @property
    def obstacle(self) -> str:
        """Why `convert` does not make it as it was measured, whatever the net; empty where it does."""
        if self.ends == HOST and self.segments > 1:
            return f"ends on the host: found {self.segments} segments beside it, expected 1"
        if self.precision == EIGHT_BITS or (self.ends != HOST and self.segments == 1):
            return ""
        what = "ends on the host" if self.ends == HOST else f"{self.segments} segments"
        return (
            f"precision: found {self.precision} with {what}, expected {EIGHT_BITS}: layers have other "
            "names there, so the script of the whole graph does not fit"
        )

    @property
    def plain(self) -> Point:
        """The point whose calibration set suits this one too: the same norms and window, in the simplest form."""
        return Point(norms=self.norms, seconds=self.seconds, layout=self.layout)


_PRECISION: Final = {EIGHT_BITS: (), SIXTEEN_BITS: ("16 bits",), SEARCHED: ("some 16 bits",)}


def _differs(point: Point, name: str) -> bool:
    default = next(field.default for field in fields(Point) if field.name == name)
    return bool(getattr(point, name) != default)


def canonical(point: Point, *, is_folded: bool, has_skip: bool) -> Point:
    """Return the point that stands for all that make the same graph of a net.

    ``is_folded``: its norms are constants, so that there are shifts to fold. ``has_skip``: it has a skip path.

    >>> str(canonical(Point(shift="layer", residual="joint"), is_folded=False, has_skip=False))
    'exact, 2 s'
    """
    if not has_skip:
        point = replace(point, residual="separate")
    if point.chunk:
        return replace(point, seconds=DEFAULT_SECONDS, shift="layer")  # a chunk keeps its shifts as layers
    return point if is_folded else replace(point, shift="fold")
