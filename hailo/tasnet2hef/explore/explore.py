"""A study from its beginning, or where an earlier run left it, to its report."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.base.outputs import require_own_folder
from tasnet2hef.base.supervise.lock import LOCK_NAME, locked
from tasnet2hef.base.workers import DFC, TORCH, Ended, Workers, open_workers
from tasnet2hef.base.workers.opening import INSTALL, has_cluster
from tasnet2hef.explore.begin import choose_points, keep_inputs, key_of_model, load_model, load_students
from tasnet2hef.explore.grid import Axes, read_grid
from tasnet2hef.explore.options import (
    STEPS_NAME,
    STUDY_NAME,
    RunOptions,
    Study,
    read_study,
    require_same_model,
    write_study,
)
from tasnet2hef.explore.point import Point
from tasnet2hef.explore.product import Store
from tasnet2hef.explore.study import StudyReport, run_study
from tasnet2hef.guide.speech import require_outside
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
from tasnet2hef.target.known import DEFAULT_CHIP, load_chip
from tasnet2hef.train.options import SpeechOptions

WORKER_BYTES: Final = 6 << 30
"""What a process of a study needs at most: to freeze the full default net takes 5 GB."""


@dataclass(frozen=True, kw_only=True)
class ExploreOptions:
    """What a user chooses for a new study. ``grid`` None: the default one."""

    checkpoint: str
    speech_folder: Path
    folder: Path
    hardware: str = DEFAULT_CHIP
    grid: Path | None = None
    windows: int = DEFAULT_WINDOWS
    simulates: bool = True
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    words: tuple[str, ...] = ()
    """``--set`` and ``--assume`` as the user typed them."""
    speech_words: tuple[str, ...] = ()
    """``--speakers`` or ``--one-speaker`` as the user typed it."""
    force: bool = False


class ExploreDisplay(Protocol):
    """Shows the progress of a study."""

    def waiting(self, label: str) -> AbstractContextManager[None]:
        """Show that something of unknown length is done."""

    def working(self, where: str) -> AbstractContextManager[object]:
        """Show the steps while they are done."""

    def ended(self, done: float, total: float, ended: Ended | None) -> None:
        """Show how much of the work is done, and what ended last."""

    def note(self, text: str) -> None:
        """Show a note."""


def plan_points(options: ExploreOptions) -> tuple[Point, ...]:
    """Return the points that a study would have; nothing is written, and no speech is read.

    Raises:
        InputError: the model, a student, the grid or the chip can't be used.
    """
    load_chip(options.hardware)
    grids = _grids(options)
    model = load_model(options.checkpoint, options.speech.settings, assume=options.speech.assume)
    return choose_points(model, load_students(grids or (), model), grids)


def explore(
    options: ExploreOptions, run: RunOptions, display: ExploreDisplay, most_latency_ms: float = math.inf
) -> StudyReport:
    """Begin a study, or go on with the one in its folder, where another grid takes up what is done.

    Raises:
        InputError: the model, the speech or an option can't be used, or another run is at work in the folder.
        RefusedError: the model does not separate the speech, or the cluster is gone.
    """
    load_chip(options.hardware)
    if run.compiles and not options.simulates:
        raise OptionError("--compile: found --no-simulate beside it, expected losses to choose by; leave one out")
    grids = _grids(options)
    require_outside(options.folder, options.speech_folder)
    _require_folder(options.folder, force=options.force)
    model = load_model(options.checkpoint, options.speech.settings, assume=options.speech.assume)
    students = load_students(grids or (), model)
    study = Study(
        str(Path(options.checkpoint).absolute()) if Path(options.checkpoint).exists() else options.checkpoint,
        str(options.speech_folder.absolute()),
        key_of_model(model),
        "",
        choose_points(model, students, grids),
        hardware=options.hardware,
        windows=options.windows,
        any_data=options.speech.any_data,
        simulates=options.simulates,
        settings=options.words,
        speech_settings=options.speech_words,
        grid="" if options.grid is None else str(options.grid.absolute()),
    )
    require_same_model(options.folder, study)
    with _workers(run, display) as workers, _removed_unless_begun(options.folder), locked(options.folder):
        store = _store(options.folder, run)
        with display.waiting("drawing mixtures, and separating some by the model itself"):
            study, notes = keep_inputs(study, store, model, students, options.speech_folder, options.speech)
        for note in notes:
            display.note(note)
        write_study(options.folder, study)
        return _run(study, options.folder, store, workers, run, display, most_latency_ms)


def resume(
    folder: Path, run: RunOptions, display: ExploreDisplay, most_latency_ms: float = math.inf
) -> StudyReport:
    """Go on with the study in a folder.

    Raises:
        OptionError: there is none, it is damaged, or what it began with is no longer there.
    """
    study = read_study(folder)
    with _workers(run, display) as workers, locked(folder):
        store = _store(folder, run)
        for key in (study.model, study.speech, *study.students.values()):
            if store.get(key) is None:
                raise OptionError(
                    f"{store.folder}: found no {key} in it, or a damaged one; begin the study again with model "
                    "and speech, and with the same --shared"
                )
        return _run(study, folder, store, workers, run, display, most_latency_ms)


def _run(
    study: Study,
    folder: Path,
    store: Store,
    workers: Workers,
    run: RunOptions,
    display: ExploreDisplay,
    most_latency_ms: float,
) -> StudyReport:
    with display.working(workers.where):
        return run_study(study, folder, store, workers, run, display.ended, most_latency_ms)


def _grids(options: ExploreOptions) -> tuple[Axes, ...] | None:
    return None if options.grid is None else read_grid(options.grid)


def _require_folder(folder: Path, *, force: bool) -> None:
    require_own_folder(folder, "a study", (STUDY_NAME, LOCK_NAME), force=force)


@contextmanager
def _removed_unless_begun(folder: Path) -> Iterator[None]:
    """Remove a new study's folder where bad input ends the run before the study has begun."""
    existed = folder.exists()
    try:
        yield
    except Tasnet2HefError:
        if not existed and not (folder / STUDY_NAME).exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _store(folder: Path, run: RunOptions) -> Store:
    if run.shared is not None and not run.shared.is_dir():
        raise OptionError(f"--shared {run.shared}: found no folder, expected one that all workers reach")
    return Store((run.shared or folder / STEPS_NAME).resolve())


@contextmanager
def _workers(run: RunOptions, display: ExploreDisplay) -> Iterator[Workers]:
    """Open the workers; without Dask and without a wish, this process does it all."""
    processes = run.workers
    if processes is None and not run.scheduler:
        processes = processes_here() if has_cluster() else 0
        if not processes:
            display.note(
                f"one step after the other, for there is no Dask here; {INSTALL} has several side by side"
            )
    needs = [TORCH, *([DFC] if run.compiles else [])]
    with open_workers(run.scheduler, processes or 0, needs=needs) as workers:
        yield workers


def processes_here() -> int:
    """Return how many processes this machine has room for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, memory_bytes() // WORKER_BYTES))
