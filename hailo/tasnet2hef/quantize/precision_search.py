"""The cheapest set of 16-bit layers that keeps the loss within a target.

The noises that single layers put into the output add up well enough to rank by: layers are taken in the order of
noise removed per bit spent. How many are needed is found by bisection on real runs; then those that are not
needed are dropped again, first those with the least noise together, then the costliest one by one. Every set on
the frontier was run; none is predicted. Workers that would be idle run the sets that may be asked for next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.bench import Run
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.layer_analysis import IN_FLOAT, LayerReport
from tasnet2hef.quantize.measuring import Measuring
from tasnet2hef.quantize.number_format import A16_W16, Precision
from tasnet2hef.quantize.score import Score

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

    def __init__(self, measuring: Measuring, fixed: Mapping[str, Precision], progress: Progress) -> None:
        self.measuring, self.fixed, self.progress = measuring, fixed, progress
        borders = measuring.simulator.borders
        self.bits = {border.layer: border.extra_bits for border in borders}
        self.points: dict[tuple[str, ...], FrontierPoint] = {}
        self.expected_runs = FRONTIER_POINTS + DROPS_TRIED + 2 * len(borders).bit_length()

    def point(self, layers: Collection[str], guesses: Iterable[Collection[str]] = ()) -> FrontierPoint:
        """Run a set, or return its earlier result; ``guesses`` are sets that may be asked for next."""
        return self.run([layers], guesses)[0]

    def run(self, sets: Sequence[Collection[str]], guesses: Iterable[Collection[str]] = ()) -> list[FrontierPoint]:
        """Run sets that don't depend on each other."""
        wanted = [tuple(sorted(layers)) for layers in sets]
        new = [names for names in wanted if names not in self.points]
        scores = self.measuring.scores([self._run(names) for names in new], map(self._run, guesses))
        for names, score in zip(new, scores, strict=True):
            extra = sum(self.bits[name] for name in names)
            self.points[names] = FrontierPoint(names, extra, extra / sum(self.bits.values()), score)
            self.progress(min(len(self.points), self.expected_runs), self.expected_runs)
        return [self.points[names] for names in wanted]

    def _run(self, layers: Collection[str]) -> Run:
        return Run("mix", tuple(sorted(layers)), {**self.fixed, **dict.fromkeys(layers, A16_W16)})


def search(
    measuring: Measuring,
    layers: Sequence[LayerReport],
    *,
    target_db: float = DEFAULT_TARGET_DB,
    fixed: Mapping[str, Precision] | None = None,
    progress: Progress = no_progress,
) -> SearchResult:
    """Find the cheapest 16-bit layers; ``fixed`` layers keep the precision that the user set."""
    fixed = dict(fixed or {})
    runs = _Search(measuring, fixed, progress)
    exact = measuring.score(IN_FLOAT)
    order = [layer.name for layer in rank(layers, measuring.simulator.borders) if layer.name not in fixed]

    def loss_db(point: FrontierPoint) -> float:
        return exact.figure_db - point.score.figure_db

    def reaches(point: FrontierPoint) -> bool:
        if exact.si_sdr_db is None:
            return point.score.noise <= allowed_noise(target_db)
        return loss_db(point) <= target_db

    count = _fewest_of(order, runs, reaches)
    best = runs.point(order[:count])
    if reaches(best):
        best = _drop_quiet(runs, best, layers, reaches)
        best = _drop_unneeded(runs, best, reaches)
    runs.run([order[:size] for size in _spread(count, len(order))])
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


def _fewest_of(order: Sequence[str], runs: _Search, reaches: Callable[[FrontierPoint], bool]) -> int:
    """Return how many of the first layers reach the target, by bisection; all of them if none does."""
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if reaches(runs.point(order[:middle], (order[:size] for size in _middles(low, high)))):
            high = middle
        else:
            low = middle + 1
    return high


def _middles(low: int, high: int) -> Iterator[int]:
    """Yield all sizes that a bisection may ask for, those that it may ask for sooner first.

    >>> list(_middles(0, 7))
    [3, 1, 5, 0, 2, 4, 6]
    """
    ranges = deque([(low, high)])
    while ranges:
        low, high = ranges.popleft()
        if low < high:
            middle = (low + high) // 2
            yield middle
            ranges += [(low, middle), (middle + 1, high)]


def _drop_quiet(
    runs: _Search, best: FrontierPoint, layers: Sequence[LayerReport], reaches: Callable[[FrontierPoint], bool]
) -> FrontierPoint:
    """Return the noisiest layers of a set, as few as still reach the target; the rest may not be needed."""
    noisiest = [
        layer.name for layer in sorted(layers, key=lambda layer: -layer.noise) if layer.name in best.layers
    ]
    return runs.point(noisiest[: _fewest_of(noisiest, runs, reaches)])


def _drop_unneeded(runs: _Search, best: FrontierPoint, reaches: Callable[[FrontierPoint], bool]) -> FrontierPoint:
    costliest = sorted(best.layers, key=lambda name: -runs.bits[name])[:DROPS_TRIED]
    for place in range(len(costliest)):
        # Most are needed, so that the sets that follow are those without one of the next.
        sets = [[layer for layer in best.layers if layer != other] for other in costliest[place:]]
        without = runs.point(sets[0], sets[1:])
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
