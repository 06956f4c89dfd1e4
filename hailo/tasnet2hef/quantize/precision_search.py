"""The cheapest set of 16-bit layers that keeps the loss within a target.

The noises that single layers put into the output add up well enough to rank by: layers are taken in the order of
noise removed per bit spent. How many are needed is found by bisection on real runs; then those that are not
needed are dropped again, first those with the least noise together, then the costliest one by one. Every set on
the frontier was run; none is predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.layer_analysis import LayerReport
from tasnet2hef.quantize.number_format import A16_W16, Precision
from tasnet2hef.quantize.score import Score, Scorer
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulator import Simulator

DEFAULT_TARGET_DB: Final = 0.5
ASSUMED_SI_SDR_DB: Final = 10.0
"""Without true sources: the SI-SDR that the float net is assumed to have when a loss is converted to noise."""
DROPS_TRIED: Final = 24
FRONTIER_POINTS: Final = 8


@dataclass(frozen=True)
class FrontierPoint:
    """A set of 16-bit layers that was run, with its cost and its score."""

    layers: tuple[str, ...]
    extra_bits: int
    extra_share: float
    """Extra bits relative to all weights and outputs at 8 bits."""
    score: Score

    def to_json(self) -> dict[str, object]:
        """Return the point as `simulate --json` prints it."""
        si_sdr_db = self.score.si_sdr_db
        return {
            "sixteen_bit_layers": len(self.layers),
            "extra_bits": self.extra_bits,
            "extra_share": round(self.extra_share, 6),
            "si_sdr_db": None if si_sdr_db is None else round(si_sdr_db, 4),
            "agreement_db": round(self.score.agreement_db, 3),
        }


@dataclass(frozen=True)
class SearchResult:
    """The chosen set, whether it reaches the target, and the sets that beat all cheaper ones, cheapest first."""

    chosen: FrontierPoint
    reached: bool
    frontier: tuple[FrontierPoint, ...]
    loss_db: float


def allowed_noise(loss_db: float, si_sdr_db: float = ASSUMED_SI_SDR_DB) -> float:
    """Return the noise, relative to the output, that lowers an SI-SDR by ``loss_db``.

    >>> round(allowed_noise(0.5), 4)
    0.0122
    """
    return float(10 ** (-si_sdr_db / 10) * (10 ** (loss_db / 10) - 1))


class _Search:
    """Runs sets of 16-bit layers, each once."""

    def __init__(
        self,
        simulator: Simulator,
        scorer: Scorer,
        state: SearchState,
        fixed: Mapping[str, Precision],
        progress: Progress,
    ) -> None:
        self.simulator, self.scorer, self.state, self.fixed = simulator, scorer, state, fixed
        self.progress = progress
        self.bits = {border.layer: border.extra_bits for border in simulator.borders}
        self.points: dict[tuple[str, ...], FrontierPoint] = {}
        self.expected_runs = FRONTIER_POINTS + DROPS_TRIED + 2 * len(simulator.borders).bit_length()

    def point(self, layers: Collection[str]) -> FrontierPoint:
        """Run a set, or return its earlier result."""
        names = tuple(sorted(layers))
        if names not in self.points:
            score = self.state.measure("mix", names, lambda: self._run(names))
            extra = sum(self.bits[name] for name in names)
            self.points[names] = FrontierPoint(names, extra, extra / sum(self.bits.values()), score)
            self.progress(min(len(self.points), self.expected_runs), self.expected_runs)
        return self.points[names]

    def _run(self, names: Sequence[str]) -> Score:
        chosen = {**self.fixed, **dict.fromkeys(names, A16_W16)}
        return self.scorer.score(self.simulator.backend(chosen))


def search(
    simulator: Simulator,
    scorer: Scorer,
    state: SearchState,
    layers: Sequence[LayerReport],
    *,
    target_db: float = DEFAULT_TARGET_DB,
    fixed: Mapping[str, Precision] | None = None,
    progress: Progress = no_progress,
) -> SearchResult:
    """Find the cheapest 16-bit layers; ``fixed`` layers keep the precision that the user set."""
    fixed = dict(fixed or {})
    runs = _Search(simulator, scorer, state, fixed, progress)
    exact = state.measure("float", (), lambda: scorer.score(simulator.float_backend()))
    order = [layer.name for layer in rank(layers, simulator.borders) if layer.name not in fixed]

    def loss_db(point: FrontierPoint) -> float:
        return exact.figure_db - point.score.figure_db

    def reaches(point: FrontierPoint) -> bool:
        if exact.si_sdr_db is None:
            return point.score.noise <= allowed_noise(target_db)
        return loss_db(point) <= target_db

    count = _fewest(lambda size: reaches(runs.point(order[:size])), len(order))
    best = runs.point(order[:count])
    if reaches(best):
        best = _drop_quiet(runs, best, layers, reaches)
        best = _drop_unneeded(runs, best, reaches)
    for size in _spread(count, len(order)):
        runs.point(order[:size])
    points = [*runs.points.values()]
    reaching = [point for point in points if reaches(point)]
    if reaching:
        best = min(reaching, key=lambda point: point.extra_bits)
    else:
        best = max(points, key=lambda point: point.score.figure_db)
    return SearchResult(best, bool(reaching), _frontier(points), loss_db(best))


def rank(layers: Sequence[LayerReport], borders: Sequence[Border]) -> list[LayerReport]:
    """Order layers by noise removed per bit spent, the highest first."""
    bits = {border.layer: border.extra_bits for border in borders}
    return sorted(layers, key=lambda layer: -layer.noise / max(bits[layer.name], 1))


def _fewest(reaches: Callable[[int], bool], most: int) -> int:
    """Return the least size that reaches the target, by bisection; ``most`` if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle + 1
    return high


def _drop_quiet(
    runs: _Search, best: FrontierPoint, layers: Sequence[LayerReport], reaches: Callable[[FrontierPoint], bool]
) -> FrontierPoint:
    """Return the noisiest layers of a set, as few as still reach the target; the rest may not be needed."""
    noisiest = [
        layer.name for layer in sorted(layers, key=lambda layer: -layer.noise) if layer.name in best.layers
    ]
    count = _fewest(lambda size: reaches(runs.point(noisiest[:size])), len(noisiest))
    return runs.point(noisiest[:count])


def _drop_unneeded(runs: _Search, best: FrontierPoint, reaches: Callable[[FrontierPoint], bool]) -> FrontierPoint:
    costliest = sorted(best.layers, key=lambda name: -runs.bits[name])[:DROPS_TRIED]
    for name in costliest:
        without = runs.point([layer for layer in best.layers if layer != name])
        if reaches(without):
            best = without
    return best


def _spread(count: int, most: int) -> list[int]:
    """Return sizes of sets that show the frontier around the chosen one, from none to all."""
    parts = FRONTIER_POINTS - 3
    inside = [round(count * part / parts) for part in range(1, parts)]
    return sorted({0, *inside, min(2 * count, most), most})


def _frontier(points: Sequence[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    """Return the points that score higher than all cheaper ones, cheapest first."""
    best: list[FrontierPoint] = []
    for point in sorted(points, key=lambda point: (point.extra_bits, -point.score.figure_db)):
        if not best or point.score.figure_db > best[-1].score.figure_db:
            best.append(point)
    return tuple(best)
