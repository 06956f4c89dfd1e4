"""The result of a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasnet2hef.quantize.layer_analysis import LayerReport
from tasnet2hef.quantize.precision_search import SearchResult


@dataclass(frozen=True)
class Figures:
    """One figure each for the float net, the 8-bit net and the recommended mix (None: not known)."""

    exact: float | None
    int8: float | None
    mixed: float | None

    def to_json(self) -> dict[str, float | None]:
        """Return the figures, rounded to 0.0001."""
        named = {"float": self.exact, "int8": self.int8, "mixed": self.mixed}
        return {name: None if value is None else round(value, 4) for name, value in named.items()}


@dataclass(frozen=True)
class SimulationReport:
    """The result of `simulate`.

    ``si_sdr_db`` is of whole recordings, separated as `separate` does it (None without true sources);
    ``window_db`` of the windows that layers were measured on. ``agreement_db`` compares with the float net.
    """

    si_sdr_db: Figures
    window_db: Figures
    agreement_db: Figures
    layers: tuple[LayerReport, ...]
    search: SearchResult | None
    sixteen_bit: tuple[str, ...]
    alls: Path
    plots: tuple[Path, ...]
    windows: int
    recordings: int
    borders: int
    prepare_seconds: float
    window_seconds: float
    float_window_seconds: float
    resumed: int
    notes: tuple[str, ...]
    warning: str
    """The loss from too small a calibration set; empty for a full one."""

    def to_json(self) -> dict[str, object]:
        """Return what `simulate --json` prints."""
        return {
            "si_sdr_db": self.si_sdr_db.to_json(),
            "window_si_sdr_db": self.window_db.to_json(),
            "agreement_db": self.agreement_db.to_json(),
            "layers": [layer.to_json() for layer in self.layers],
            "sixteen_bit": list(self.sixteen_bit),
            "frontier": [point.to_json() for point in self.search.frontier] if self.search else [],
            "target_reached": None if self.search is None else self.search.reached,
            "alls": str(self.alls),
            "plots": [str(path) for path in self.plots],
            "windows": self.windows,
            "recordings": self.recordings,
            "prepare_seconds": round(self.prepare_seconds, 3),
            "window_seconds": round(self.window_seconds, 4),
            "float_window_seconds": round(self.float_window_seconds, 4),
            "resumed_runs": self.resumed,
            "notes": list(self.notes),
            "warning": self.warning,
        }
