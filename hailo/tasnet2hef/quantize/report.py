"""The result of a simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from tasnet2hef.base.agreement import GOOD, USABLE, Verdict, in_words, verdict_of
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
    calibration: str
    """The set's file and the model that it was made for."""
    left_out: int
    """Sources of single windows that the agreement leaves out, 20 dB or more below the loudest."""
    warning: str
    """The loss from too small a calibration set; empty for a full one."""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the recommended mix: at most usable where most windows hold one source only."""
        verdict = verdict_of(-math.inf if self.agreement_db.mixed is None else self.agreement_db.mixed)
        return USABLE if verdict == GOOD and self.is_one_sided else verdict

    @property
    def is_one_sided(self) -> bool:
        """Whether in most windows a source is too soft to count: the set holds single voices."""
        return self.left_out > self.windows / 2

    @property
    def headline(self) -> str:
        """The agreement with its verdict, and that it is one of simulated 8 bits."""
        figure = "no agreement" if self.agreement_db.mixed is None else in_words(self.agreement_db.mixed)
        sixteen = f", {len(self.sixteen_bit)} layers in 16" if self.sixteen_bit else ""
        text = f"8 bits{sixteen}, simulated with {self.calibration}: agreement with float {figure}"
        if self.is_one_sided:
            text += (
                "; one source is silent in most of its windows, so that it says little of mixtures: calibrate "
                "again with --mix"
            )
        return text

    def to_json(self) -> dict[str, object]:
        """Return what `simulate --json` prints."""
        return {
            "si_sdr_db": self.si_sdr_db.to_json(),
            "window_si_sdr_db": self.window_db.to_json(),
            "agreement_db": self.agreement_db.to_json(),
            "verdict": self.verdict,
            "calibration": self.calibration,
            "sources_left_out": self.left_out,
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
