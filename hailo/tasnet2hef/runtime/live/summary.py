"""What a live session reports: latency before it, and how it went."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Latency:
    """From the microphone to the loudspeaker, what the sound cards add left aside."""

    window_ms: float
    """What the windows need: the streamer's own lag."""
    resampling_ms: float
    block_ms: float
    computing_ms: float
    """Twice the time that one window took at the start; 0 where nothing runs in real time."""

    @property
    def total_ms(self) -> float:
        """All together."""
        return self.window_ms + self.resampling_ms + self.block_ms + self.computing_ms


@dataclass(frozen=True)
class LiveState:
    """How a session stands now."""

    seconds: float
    """Played so far, the latency included."""
    levels: tuple[float, ...]
    """What is heard of each source now, in dB of full scale."""
    overruns: int
    underruns: int


@dataclass(frozen=True, kw_only=True)
class LiveSummary:
    """How a live session went."""

    seconds: float
    """Audio that was heard."""
    windows: int
    rtf_p50: float | None
    """Computing time of a hop (all channels) over its length, of the last 10,000 hops; None without any."""
    rtf_p95: float | None
    latency: Latency
    overruns: int
    """Blocks dropped because the net was too slow; silence stands for them."""
    dropped_seconds: float
    device_overflows: int
    """Times that the system lost input by itself; how much, and so the time, is not known."""
    underruns: int
    """Times that silence was played because nothing was ready; the sound is later by as much from then on."""
    playback_dropped_seconds: float
    """Sound left out because it could not be played in time: the devices' clocks differ."""
    clipped_samples: int
    gain: tuple[tuple[float, ...], ...]
    """Last factor of each channel's sources, from the model's output to what was heard."""
    is_exact: bool
    """What came out of the net equals inference on the whole stream at once."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        fields = dataclasses.asdict(self)
        return {**fields, "latency": {**fields["latency"], "total_ms": self.latency.total_ms}}
