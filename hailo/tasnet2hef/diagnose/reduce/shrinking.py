"""The search for smaller sizes: each is made 1, or halved as often as the failure stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import onnx

from tasnet2hef.diagnose.reduce.sizes import resized, sizes_of

LARGEST_KEPT: Final = 3
"""A size that is not halved."""


@dataclass(frozen=True, eq=False)
class Resizing:
    """A change to try: every axis of ``size`` becomes ``smaller``."""

    model: onnx.ModelProto
    size: int
    smaller: int

    def __str__(self) -> str:
        """Return the change in words."""
        return f"size {self.size} to {self.smaller}"

    def made(self) -> onnx.ModelProto:
        """Return the resized model.

        Raises:
            GraphError: the resized shapes conflict.
        """
        return resized(self.model, self.size, self.smaller)


@dataclass(frozen=True, eq=False)
class Shrinking:
    """The smallest model so far, and the sizes to try, of which the first is tried now."""

    model: onnx.ModelProto
    sizes: tuple[int, ...]
    smaller: int = 1
    chance: float = 0.5

    @property
    def question(self) -> Resizing | None:
        """The change to try next."""
        return Resizing(self.model, self.sizes[0], self.smaller) if self.sizes else None

    def after(self, fails: bool) -> Shrinking:
        """Return the search at the half of this size, or at the next size."""
        size, *others = self.sizes
        model = resized(self.model, size, self.smaller) if fails else self.model
        is_one = self.smaller == 1
        half_of = size if is_one and not fails else self.smaller if fails and not is_one else 0
        if half_of > LARGEST_KEPT:
            return _present(model, (half_of, *others), half_of // 2)
        return _present(model, tuple(others), 1)


def shrinking(model: onnx.ModelProto) -> Shrinking:
    """Return the search at its beginning."""
    return _present(model, tuple(sizes_of(model)), 1)


def _present(model: onnx.ModelProto, sizes: tuple[int, ...], smaller: int) -> Shrinking:
    """Leave out sizes that the model no longer has."""
    present = sizes_of(model)
    while sizes and sizes[0] not in present:
        sizes, smaller = sizes[1:], 1
    return Shrinking(model, sizes, smaller)
