"""The pipeline from an exported graph to its HEF: calibration set, simulation with its model script, compile."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.environments import TO_HAILO, environment_python
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.outcome import DONE, FAILED, INTERRUPTED, REFUSED, Outcome
from tasnet2hef.base.outputs import Output
from tasnet2hef.base.plain import plain
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.compiler.driver import compile_graph, compile_outputs
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.stages.runner import CompileDisplay
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph, calibration_output
from tasnet2hef.quantize.calibration.report import CalibrationReport
from tasnet2hef.quantize.calibration.segments import SUFFIX, calibrate_segments, segment_output
from tasnet2hef.quantize.calibration.window_draw import Draw, find_recordings
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.quantize.simulate import simulate_graph, simulation_outputs
from tasnet2hef.target.alls.parser import parse_script, read_script
from tasnet2hef.target.graph.opened import OpenedGraph


@dataclass(frozen=True)
class StepTime:
    """One step of the pipeline: how it ended, how long it took and which files it wrote."""

    step: str
    outcome: Outcome
    seconds: float
    files: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**plain(self), "seconds": round(self.seconds, 3)}


class StepClock:
    """Times steps; each is a ``with`` block, and is kept however it ends."""

    def __init__(self) -> None:
        self.steps: list[StepTime] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[..., None]]:
        """Time a block; yields a function that is called at its end with the files it wrote, and its outcome.

        A block that does not call it was interrupted.
        """
        ended: list[tuple[tuple[Path, ...], Outcome]] = []
        started = time.perf_counter()
        try:
            yield lambda *files, outcome=DONE: ended.append((files, outcome))
        finally:
            files, outcome = ended[-1] if ended else ((), INTERRUPTED)
            self.steps.append(StepTime(name, outcome, time.perf_counter() - started, files))


@dataclass(frozen=True)
class PipelineOptions:
    """What a user chooses for the steps after the export.

    ``script`` replaces the one that a simulation writes; with ``simulate`` false the compiler's defaults apply.
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
    """The compiler's inputs: graphs with their calibration sets, and one model script."""

    calibration: CalibrationReport
    simulation: SimulationReport | None
    jobs: tuple[tuple[OpenedGraph, Path], ...]
    """Graph and calibration set; one pair for a whole graph, else one per segment."""
    script: Path | None

    @property
    def is_broken(self) -> bool:
        """Whether the simulation shows that 8 bits would not separate."""
        return self.simulation is not None and self.simulation.verdict == BROKEN


@dataclass(frozen=True)
class PipelineReport:
    """The whole pipeline: its steps, the compiler's inputs, and its result for every graph.

    ``errors`` counts the findings of `check` that stopped it; nothing was prepared then. ``is_broken``: the
    simulation stopped it.
    """

    steps: tuple[StepTime, ...]
    prepared: Prepared | None = None
    compiled: tuple[CompileReport, ...] = ()
    errors: int = 0
    is_broken: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what `convert --calib-audio --json` adds."""
        prepared = self.prepared
        simulation = None if prepared is None else prepared.simulation
        return {
            "steps": [each.to_json() for each in self.steps],
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
            "used"
        )


def hailo_python(python: str) -> tuple[str, str]:
    """Return the Python that has the compiler (empty for this one), and a note where that is a guess."""
    if python:
        return python, ""
    beside = environment_python(TO_HAILO)
    if os.access(beside, os.X_OK):
        return str(beside), ""
    return "", f"no {beside}: the compile stage runs in this Python; give another with --hailo-python"


def prepare(
    whole: OpenedGraph,
    graphs: Sequence[OpenedGraph],
    options: PipelineOptions,
    clock: StepClock,
    progress: StepProgress,
) -> Prepared:
    """Make the calibration set and the model script beside the whole graph; ``graphs`` are those to compile.

    Raises:
        InputError: a recording, the graph or an option can't be used; files written before it are kept.
    """
    calibration = whole.path.with_name(f"{whole.path.stem}{SUFFIX}")
    force = options.compiling.replace
    with clock.step("calibrate") as ended:
        drawn = calibrate_graph(
            whole,
            options.recordings,
            calibration,
            options.draw,
            partial(progress, "drawing windows"),
            force=force,
        )
        ended(calibration)
    sets: tuple[Path, ...] = (calibration,)
    if tuple(graphs) != (whole,):
        with clock.step("calibrate segments") as ended:
            sets = calibrate_segments(graphs, calibration, partial(progress, "running segments"), force=force)
            ended(*sets)
    simulation = _simulate(whole, calibration, options, clock, progress)
    script = options.script if simulation is None else simulation.alls
    return Prepared(drawn, simulation, tuple(zip(graphs, sets, strict=True)), script)


def compile_prepared(
    prepared: Prepared, options: CompileOptions, python: str, clock: StepClock, display: CompileDisplay
) -> tuple[CompileReport, ...]:
    """Compile every graph into a HEF beside it, up to the first that fails.

    Without a compiler a bundle is written for each of them.
    """
    reports = []
    for graph, calibration in prepared.jobs:
        with clock.step("compile" if len(prepared.jobs) == 1 else f"compile {graph.path.stem}") as ended:
            report = compile_graph(
                graph, calibration, replace(options, script=prepared.script, python=python), display
            )
            files = [] if report.hef is None else [report.hef.path]
            files += [] if report.hand_over is None else [report.hand_over.bundle]
            ended(*files, outcome=report.outcome)
        reports.append(report)
        if report.outcome in (FAILED, REFUSED):
            break
    return tuple(reports)


def pipeline_outputs(
    whole: Path, made_from: str, segments: Sequence[Path], options: PipelineOptions
) -> list[Output]:
    """Return what the pipeline will write beside a graph that is not there yet; ``made_from`` as it will say."""
    outputs = [calibration_output(made_from, options.recordings, whole.with_name(f"{whole.stem}{SUFFIX}"))]
    outputs += [segment_output(made_from, path) for path in segments[1:]]
    if options.script is None and options.simulate:
        outputs += simulation_outputs(made_from, whole.with_suffix(""), _simulation_options(options))
    for graph in segments or (whole,):
        outputs += compile_outputs(options.compiling, graph, made_from)
    return outputs


def _simulation_options(options: PipelineOptions) -> SimulationOptions:
    return SimulationOptions(quick=not options.search, force=options.compiling.replace)


def _simulate(
    graph: OpenedGraph, calibration: Path, options: PipelineOptions, clock: StepClock, progress: StepProgress
) -> SimulationReport | None:
    if options.script is not None or not options.simulate:
        return None
    with clock.step("simulate") as ended:
        simulation = simulate_graph(graph, calibration, options=_simulation_options(options), progress=progress)
        ended(simulation.alls)
    return simulation
