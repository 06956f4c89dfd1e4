"""From an exported graph to its HEF: calibration set, simulation with its model script, compile; each timed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.environments import TO_HAILO, environment_python
from tasnet2hef.base.errors import OptionError
from tasnet2hef.compiler.driver import compile_file
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.stages.runner import Display
from tasnet2hef.quantize.calibration.calibrate import calibrate_file
from tasnet2hef.quantize.calibration.report import CalibrationReport
from tasnet2hef.quantize.calibration.segments import SUFFIX, calibrate_segments
from tasnet2hef.quantize.calibration.window_draw import Draw, find_recordings
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.quantize.simulate import simulate_file
from tasnet2hef.target.alls.parser import parse_script, read_script

Tell = Callable[[str, float, float], None]
"""Told the name of a step, the steps done and the steps in all."""

DONE: Final = "done"
BROKEN_OFF: Final = "broken off"


@dataclass(frozen=True)
class StageTime:
    """One stage of the way: how it ended, how long it took and what it made."""

    stage: str
    outcome: str
    seconds: float
    made: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        made = [str(path) for path in self.made]
        return {"stage": self.stage, "outcome": self.outcome, "seconds": round(self.seconds, 3), "made": made}


class StageClock:
    """Times stages; a ``with`` block is one, and is kept however it ends."""

    def __init__(self) -> None:
        self.stages: list[StageTime] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[..., None]]:
        """Time a block; what it yields is told the files that the block made, and its outcome if not `done`."""
        told: list[tuple[tuple[Path, ...], str]] = []
        started = time.perf_counter()
        try:
            yield lambda *made, outcome=DONE: told.append((made, outcome))
        finally:
            made, outcome = told[-1] if told else ((), BROKEN_OFF)
            self.stages.append(StageTime(name, outcome, time.perf_counter() - started, made))


@dataclass(frozen=True)
class PipelineOptions:
    """What a user chooses for the way from the graph on.

    ``script`` stands in for the one that a simulation makes; ``simulate`` false leaves the compiler's defaults.
    ``search`` adds the simulation's long part, the search for layers that need 16 bits.
    """

    recordings: Path
    draw: Draw
    script: Path | None = None
    simulate: bool = True
    search: bool = False
    compiling: CompileOptions = field(default_factory=CompileOptions)


@dataclass(frozen=True)
class Prepared:
    """All that the compiler is given: graphs with their calibration sets, and one model script."""

    calibration: CalibrationReport
    simulation: SimulationReport | None
    jobs: tuple[tuple[Path, Path], ...]
    """Graph and calibration set; one pair for a whole graph, else one a segment."""
    script: Path | None


@dataclass(frozen=True)
class PipelineReport:
    """The whole way: its stages, what the compiler was given, and what it made of every graph.

    ``errors`` counts the findings of `check` that stopped it; nothing was prepared then.
    """

    stages: tuple[StageTime, ...]
    prepared: Prepared | None = None
    compiled: tuple[CompileReport, ...] = ()
    errors: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return what `convert --calib-audio --json` adds."""
        prepared = self.prepared
        simulation = None if prepared is None else prepared.simulation
        return {
            "stages": [each.to_json() for each in self.stages],
            "calibration": None if prepared is None else prepared.calibration.to_json(),
            "simulation": None if simulation is None else simulation.to_json(),
            "model_script": None if prepared is None or prepared.script is None else str(prepared.script),
            "compile": [each.to_json() for each in self.compiled],
        }


def require_pipeline(options: PipelineOptions, segments: int) -> None:
    """Check what can be checked before any work is done.

    Raises:
        OptionError: the script can't be read, the Python can't be started, or options exclude each other.
        AudioError: there is no usable recording.
    """
    find_recordings(options.recordings)
    if options.script is not None:
        parse_script(read_script(options.script), str(options.script))
    if options.search and (options.script is not None or not options.simulate):
        raise OptionError(
            "--search: found --alls or --no-simulate beside it, expected a simulation; leave one out"
        )
    if options.search and segments > 1:
        raise OptionError(
            f"--search: found --segments {segments} beside it, expected 1: a segment's layers have other names"
        )
    python = options.compiling.python
    if python and shutil.which(python) is None:
        raise OptionError(
            f"--hailo-python: found {python}, expected a Python that starts; without it the one of {TO_HAILO} is "
            "taken"
        )


def hailo_python(given: str) -> tuple[str, str]:
    """Return the Python that has the compiler (empty for this one), and a note where that had to be guessed."""
    if given:
        return given, ""
    beside = environment_python(TO_HAILO)
    if os.access(beside, os.X_OK):
        return str(beside), ""
    return "", f"no {beside}: the compile stage runs in this Python; give another with --hailo-python"


def jobs_of(graphs: Iterable[Path], whole: Path) -> tuple[Path, ...]:
    """Return the graphs that are compiled: the segments of a graph that was cut, else itself.

    >>> [path.name for path in jobs_of([Path("n.onnx"), Path("n.segment_1.onnx")], Path("n.onnx"))]
    ['n.segment_1.onnx']
    """
    return tuple(graph for graph in graphs if graph != whole) or (whole,)


def prepare(
    whole: Path, graphs: Sequence[Path], options: PipelineOptions, clock: StageClock, tell: Tell
) -> Prepared:
    """Make the calibration set and the model script beside the whole graph; ``graphs`` are those to compile.

    Raises:
        InputError: a recording, the graph or an option can't be used; what was made before stays.
    """
    calibration = whole.with_name(f"{whole.stem}{SUFFIX}")
    with clock.stage("calibrate") as made:
        drawn = calibrate_file(
            whole, options.recordings, calibration, options.draw, partial(tell, "drawing windows")
        )
        made(calibration)
    sets: tuple[Path, ...] = (calibration,)
    if tuple(graphs) != (whole,):
        with clock.stage("calibrate segments") as made:
            sets = calibrate_segments(graphs, calibration, partial(tell, "running segments"))
            made(*sets)
    simulation = _simulate(whole, calibration, options, clock, tell)
    script = options.script if simulation is None else simulation.alls
    return Prepared(drawn, simulation, tuple(zip(graphs, sets, strict=True)), script)


def compile_prepared(
    prepared: Prepared, options: CompileOptions, python: str, clock: StageClock, display: Display
) -> tuple[CompileReport, ...]:
    """Compile every graph into a HEF beside it; the next one is not begun where one has failed.

    Where there is no compiler all of them are handed over.
    """
    found = []
    for graph, calibration in prepared.jobs:
        with clock.stage("compile" if len(prepared.jobs) == 1 else f"compile {graph.stem}") as made:
            report = compile_file(
                graph, calibration, replace(options, script=prepared.script, python=python), display
            )
            files = [] if report.hef is None else [report.hef.path]
            files += [] if report.hand_over is None else [report.hand_over.bundle]
            made(*files, outcome="NOT COMPILED" if report.outcome == "no compiler" else report.outcome)
        found.append(report)
        if report.outcome in ("failed", "refused"):
            break
    return tuple(found)


def _simulate(
    graph: Path, calibration: Path, options: PipelineOptions, clock: StageClock, tell: Tell
) -> SimulationReport | None:
    if options.script is not None or not options.simulate:
        return None
    with clock.stage("simulate") as made:
        found = simulate_file(graph, calibration, options=SimulationOptions(quick=not options.search), stage=tell)
        made(found.alls)
    return found
