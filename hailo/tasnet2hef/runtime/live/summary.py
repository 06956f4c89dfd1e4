"""The reports of a live session: its latency, its current state, and a summary at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasnet2hef.base.plain import plain


@dataclass(frozen=True)
class Latency:
    """Latency from the microphone to the loudspeaker, without that of the sound cards."""

    window_ms: float
    """The streamer's own lag."""
    resampling_ms: float
    block_ms: float
    computing_ms: float
    """Twice the time of one window at the start; 0 where the input has no clock."""

    @property
    def total_ms(self) -> float:
        """Sum of all parts."""
        return self.window_ms + self.resampling_ms + self.block_ms + self.computing_ms


@dataclass(frozen=True)
class LiveState:
    """The current state of a session."""

    seconds: float
    """Audio that was played, the latency included."""
    levels: tuple[float, ...]
    """Level of each source in the sound that is played now, in dBFS."""
    overruns: int
    underruns: int


@dataclass(frozen=True, kw_only=True)
class LiveSummary:
    """The result of a live session."""

    seconds: float
    """Audio that was captured."""
    windows: int
    rtf_p50: float | None
    """Median of a hop's computing time (all channels) over its length, last 10,000 hops; None without any."""
    rtf_p95: float | None
    latency: Latency
    overruns: int
    """Blocks dropped because the net was too slow, and replaced by silence."""
    dropped_seconds: float
    device_overflows: int
    """Number of times that the system lost input; the amount is unknown."""
    underruns: int
    """Number of times that silence was played for lack of samples; later sound is delayed by its length."""
    playback_dropped_seconds: float
    """Sound dropped because it could not be played in time: the devices' clocks differ."""
    clipped_samples: int
    gain: tuple[tuple[float, ...], ...]
    """Last factor of each channel's sources, from the model's output to the sound that was played."""
    is_exact: bool
    """The net's output equals inference on the whole stream at once."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        fields: dict[str, Any] = plain(self)
        return {**fields, "latency": {**fields["latency"], "total_ms": self.latency.total_ms}}
