"""The report of a separation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.plain import plain


@dataclass(frozen=True, kw_only=True)
class SeparationReport:
    """The result of separating one recording."""

    outputs: tuple[Path, ...]
    """One file per source."""
    rtf: float
    """Processing seconds per second of audio: reading, resampling and net; not loading the model and writing."""
    audio_seconds: float
    """Length of the recording."""
    window_seconds: float
    """Length of the model's window."""
    windows: int
    """Number of windows computed."""
    is_exact: bool
    """The model's output is that of inference on the whole file at once; windows leave no trace."""
    sample_rate_hz: int
    """Rate of the outputs, which is the recording's own."""
    model_rate_hz: int
    """Rate that the model works at."""
    gain: tuple[float, ...]
    """Factor from the model's output to the file, one per source, the one against clipping included."""
    si_sdr_db: tuple[float, ...] | None = None
    """One per reference, in their order; None without references."""
    si_sdr_improvement_db: tuple[float, ...] | None = None
    """The same, less the SI-SDR of the mixture."""
    source_numbers: tuple[int, ...] | None = None
    """For every reference the number, from 1, of the source that it was compared with."""
    simulated: str = ""
    """The calibration set, where 8 bits were simulated; empty for the model itself."""
    notes: tuple[str, ...] = ()
    """Sentences a user should read."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; None where there were no references."""
        fields: dict[str, Any] = plain(self)
        return fields
