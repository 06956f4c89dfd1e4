"""Studies to measure with: one that is small and real, and some of any size whose inputs are empty."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tasnet2hef.base.workers import Ended, Workers
from tasnet2hef.explore.begin import choose_points, keep_inputs, key_of_model, load_model
from tasnet2hef.explore.grid import Axes, points_of
from tasnet2hef.explore.options import RunOptions, Study
from tasnet2hef.explore.point import Point, canonical
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.study import RESULTS_NAME, StudyReport, run_study
from tasnet2hef.train.options import SpeechOptions

SMALL_GRID: Final = (
    Axes(seconds=(0.5, 1.0, 1.5, 2.0), residual=("separate", "joint"), precision=("a8_w8", "a16_w16")),
)
FIRST_GRID: Final = (Axes(seconds=(0.25, 0.3)),)
"""What workers do first, so that each has imported what it needs."""


@dataclass(frozen=True)
class Inputs:
    """A study's model and speech, kept in a store."""

    study: Study
    store: Store

    def copied(self, folder: Path, grid: Sequence[Axes] = ()) -> Inputs:
        """Return the same for a run of its own, and with another grid where one is given."""
        shutil.copytree(self.store.folder, folder)
        points = tuple(points_of(grid)) or self.study.points
        return Inputs(replace(self.study, points=points), Store(folder))


def begin_small(checkpoint: Path, speech: Path, folder: Path) -> Inputs:
    """Draw the speech of the small study, once for all runs."""
    model = load_model(str(checkpoint), {}, assume=False)
    store = Store(folder)
    study = Study(str(checkpoint), str(speech), key_of_model(model), "", choose_points(model, {}, SMALL_GRID))
    return Inputs(keep_inputs(study, store, model, {}, speech, SpeechOptions())[0], store)


def begin_empty(count: int, folder: Path) -> Inputs:
    """Begin a study of ``count`` points whose model and speech are empty."""
    store = Store(folder)
    for key in ("model-empty", "speech-empty"):
        store.put(key, Product())
    return Inputs(Study("model.pth", "speech", "model-empty", "speech-empty", points(count)), store)


def points(count: int) -> tuple[Point, ...]:
    """Return points as of a large grid: norms, windows, layouts, residuals, shifts, columns and precisions."""
    grid = Axes(
        seconds=tuple(0.25 + 0.05 * number for number in range(1 + count // 48)),
        norms=("exact", "frozen"),
        layout=("tall", "wide"),
        residual=("separate", "joint"),
        shift=("fold", "layer"),
        streams=(1, 4),
        precision=("a8_w8", "a16_w16"),
    )
    made = [canonical(point, is_folded=point.norms != "exact", has_skip=True) for point in grid.points()]
    by_window = sorted(dict.fromkeys(made), key=lambda point: point.seconds)
    return tuple(by_window[:count])


def run(inputs: Inputs, folder: Path, workers: Workers, *, is_shared: bool = True) -> StudyReport:
    """Run a study whose results go into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    options = RunOptions() if is_shared else RunOptions(scheduler="somewhere")
    return run_study(inputs.study, folder, inputs.store, workers, options, _unwatched)


def results(folders: Sequence[Path]) -> list[bytes]:
    """Return what runs wrote as their results."""
    return [(folder / RESULTS_NAME).read_bytes() for folder in folders]


def _unwatched(_done: float, _total: float, ended: Ended | None) -> None:
    if ended is not None and ended.error is not None:
        raise ended.error
