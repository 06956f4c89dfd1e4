"""How a net is laid out on the chip."""

from __future__ import annotations

from dataclasses import dataclass

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import LAYOUTS, RESIDUALS, STREAMS

SHIFTS = ("fold", "layer")


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """How a net is laid out on the chip; each choice is exact.

    Raises:
        OptionError: a value is not one of its choices.
    """

    window_frames: int
    layout: str = "tall"
    residual: str = "separate"
    """``joint``: one convolution and one add for the residual stream and the skip sum together."""
    shift: str = "fold"
    """A norm's constant before the depthwise convolution: ``fold`` it (the 1x1 convolution pads with the value
    that maps to zero) or keep it as one ``layer``."""
    streams: int = 1
    """Windows side by side in the columns of one tensor: 1, 2, 4 or 8; more than one need the tall layout."""
    input_level_dbfs: float | None = None
    """Speech level that the norms' constants were fitted to; goes into the contract for the host."""
    stateful: bool = False
    """The window is a chunk: each depthwise convolution's past rows come in and go out. Keeps shifts as layers."""

    def __post_init__(self) -> None:
        """Validate; see the class."""
        if self.stateful and (self.layout != "tall" or self.streams != 1):
            raise OptionError(
                f"stateful: found layout {self.layout} with {self.streams} streams, expected tall with 1 stream"
            )
        if self.streams not in STREAMS:
            raise OptionError(f"streams: found {self.streams}, expected 1, 2, 4 or 8")
        if self.streams > 1 and self.layout != "tall":
            raise OptionError(
                f"streams: found {self.streams} with layout {self.layout}, whose columns hold time; expected tall"
            )
        for name, choices in (("layout", LAYOUTS), ("residual", RESIDUALS), ("shift", SHIFTS)):
            if getattr(self, name) not in choices:
                raise OptionError(f"{name}: found {getattr(self, name)!r}, expected {' or '.join(choices)}")
