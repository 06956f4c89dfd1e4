"""Options of a live session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tasnet2hef.runtime.live.device_endpoints import Device
    from tasnet2hef.runtime.stream.halo import Halo


SLOWEST: Final = 0.01
FASTEST: Final = 1000.0
MOST_CHANNELS: Final = 64


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """Input, output and how windows are joined."""

    channels: tuple[int, ...] | None = None
    """Channels to separate, from 1, each a stream of its own; None: a device's first, or a file's mean."""
    from_file: Path | None = None
    to_file: Path | None = None
    speed: float = 1.0
    """Speed of ``from_file``: 1 is real time, 0 as fast as possible."""
    input_device: Device = None
    output_device: Device = None
    rate_hz: int | None = None
    """Rate of the devices; None is their own."""
    overlap: float | None = None
    halo: Halo | None = None
    record: Path | None = None
    """Folder for the mixture and every source."""
    force: bool = False
    """Replace files that another run, or the user, made."""
    threads: int | None = None
    runtime: str | None = None
    """``onnxruntime`` or ``hailort``; None takes the device for a HEF."""
