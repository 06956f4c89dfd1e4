"""Simulates a model at 8 bits: scores, a ranking of its layers, the cheapest 16-bit layers and a model script."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.progress import StepProgress, no_step_progress
from tasnet2hef.base.workers import Workers
from tasnet2hef.quantize.calibration.calibrate import small_set_warning
from tasnet2hef.quantize.calibration.calibration_set import open_calibration, origin
from tasnet2hef.quantize.model_scores import (
    Evaluation,
    ModelScores,
    choose_evaluation,
    fixed_precisions,
    score_model,
    score_recordings,
    seconds_per_window,
    state_key,
)
from tasnet2hef.quantize.model_script import make_script
from tasnet2hef.quantize.options import SimulationOptions, require_options
from tasnet2hef.quantize.plots import draw_frontier, draw_layers
from tasnet2hef.quantize.report import Figures, SimulationReport
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulator import Simulator, prepare
from tasnet2hef.runtime.backends.segments import open_graph
from tasnet2hef.target.graph.opened import OpenedGraph

SCRIPT: Final = ".alls"
SEARCH: Final = ".search.json"
PLOTS: Final = ("_layers", "_frontier")


def simulate_graph(
    graph: OpenedGraph,
    calibration_path: Path,
    evaluation_folder: Path | None = None,
    output: Path | None = None,
    options: SimulationOptions | None = None,
    progress: StepProgress = no_step_progress,
    workers: Workers | None = None,
) -> SimulationReport:
    """Simulate a graph at 8 bits; write ``MODEL.alls``, plots and the state of the search into a folder.

    Runs are scored by ``workers``, one thread each, where they are given; else in this process.

    Raises:
        GraphError: the model can't be simulated, or the calibration set was cut for another window.
        InputError: the calibration set, an evaluation recording or the user's script can't be used.
        OptionError: an option is out of range, or names a layer that does not exist.
        RefusedError: workers were lost; what was measured is kept.
    """
    options = options or SimulationOptions()
    require_options(options)
    calibration = open_calibration(calibration_path)
    place = (output or graph.path.parent) / graph.path.stem
    inputs = [*graph.files, calibration_path, *filter(None, (evaluation_folder, options.user_script))]
    outputs = simulation_outputs(graph.made_from, place, options)
    require_outputs(outputs, inputs, force=options.force)
    mark = outputs[0].mark
    simulator = prepare(
        graph, calibration, options.preparation, lambda done, total: progress("calibrating", done, total)
    )
    fixed = fixed_precisions(simulator, options.precisions)
    # Its errors are raised before the long part.
    make_script(graph.path.name, calibration.windows, simulator, options, fixed)
    evaluation = choose_evaluation(evaluation_folder, calibration, simulator, options.windows)
    key = state_key(graph.digest, calibration_path, evaluation, options)
    state = SearchState(place.with_name(f"{place.name}{SEARCH}"), key, made_by=mark.text, fresh=options.fresh)
    scores = score_model(simulator, evaluation, state, options, fixed, progress, workers)
    script = make_script(
        graph.path.name, calibration.windows, simulator, options, scores.precisions, scores.layers
    )
    alls = place.with_name(f"{place.name}{SCRIPT}")
    with written_beside(alls) as part:
        part.write_text(mark.in_text(script.text), encoding="utf-8")
    unreached = unreached_note(scores, options.target_db)
    notes = (*simulator.notes, *evaluation.notes, *script.notes, *([unreached] if unreached else []))
    warning = small_set_note(scores, calibration.windows)
    plots = draw(scores, options, place, mark)
    return _report(
        graph,
        simulator,
        evaluation,
        scores,
        alls,
        plots,
        state.resumed,
        origin(calibration),
        notes,
        warning,
        progress,
    )


def simulation_outputs(made_from: str, place: Path, options: SimulationOptions) -> list[Output]:
    """Return the files of a simulation: the script first; ``place`` is the path that their names begin with."""
    names = [SCRIPT, SEARCH]
    names += [] if options.plots is None or options.quick else [f"{name}.{options.plots}" for name in PLOTS]
    mark = Mark.of("simulate", made_from)
    return [Output(place.with_name(f"{place.name}{name}"), mark) for name in names]


def unreached_note(scores: ModelScores, target_db: float) -> str:
    """Return why a target was not reached, empty if it was: more bits don't help values out of range."""
    result = scores.search
    if result is None or result.reached:
        return ""
    return (
        f"{target_db} dB is not reached, even with 16 bits throughout: at best {result.loss_db:.2f} dB are lost. "
        "Values exceed the calibrated ranges: calibrate with recordings as loud and as quiet as these "
        "(--level-spread-db)"
    )


def small_set_note(scores: ModelScores, windows: int) -> str:
    """Return the loss of this model from too few calibration windows, as far as it can be simulated."""
    warning = small_set_warning(windows)
    if not warning:
        return ""
    losses = [scores.exact.figure_db - score.figure_db for score in (scores.int8, scores.uncorrected)]
    if scores.exact.si_sdr_db is None:
        costs = f"agreement is {scores.int8.agreement_db:.2f} and {scores.uncorrected.agreement_db:.2f} dB"
    else:
        costs = f"the loss is {losses[0]:.2f} and {losses[1]:.2f} dB SI-SDR"
    return f"{warning}. Here {costs} at levels 1 and 0 (simulated); the gain of fine-tuning can't be simulated"


def draw(scores: ModelScores, options: SimulationOptions, place: Path, mark: Mark) -> tuple[Path, ...]:
    """Draw the worst layers and the frontier, if plots were requested and the search was run."""
    if options.plots is None or scores.search is None:
        return ()
    unit = "agreement with float" if scores.exact.si_sdr_db is None else "SI-SDR"
    layers, frontier = (place.with_name(f"{place.name}{name}.{options.plots}") for name in PLOTS)
    result, exact_db = scores.search, scores.exact.figure_db
    return (
        draw_layers(scores.layers, layers, unit, mark.text),
        draw_frontier(result.frontier, result.chosen, exact_db, options.target_db, frontier, unit, mark.text),
    )


def _report(
    graph: OpenedGraph,
    simulator: Simulator,
    evaluation: Evaluation,
    scores: ModelScores,
    alls: Path,
    plots: tuple[Path, ...],
    resumed: int,
    calibration: str,
    notes: tuple[str, ...],
    warning: str,
    progress: StepProgress,
) -> SimulationReport:
    sixteen = scores.search.chosen.layers if scores.search else ()
    fixed = {name: mode for name, mode in scores.precisions.items() if name not in sixteen}
    backends = (simulator.float_backend(), simulator.backend(fixed), simulator.backend(scores.precisions))
    plain = open_graph(graph, simulator.preparation.threads)
    whole = score_recordings(backends, evaluation.clips, progress)
    exact, int8, mixed = scores.exact, scores.int8, scores.mixed
    return SimulationReport(
        si_sdr_db=Figures(*whole),
        window_db=Figures(exact.si_sdr_db, int8.si_sdr_db, mixed.si_sdr_db),
        agreement_db=Figures(None, int8.agreement_db, mixed.agreement_db),
        layers=tuple(scores.layers),
        search=scores.search,
        sixteen_bit=tuple(sixteen),
        alls=alls,
        plots=plots,
        windows=len(evaluation.windows),
        recordings=len(evaluation.clips),
        borders=len(simulator.borders),
        prepare_seconds=simulator.seconds,
        window_seconds=seconds_per_window(backends[1], evaluation.windows[0]),
        float_window_seconds=seconds_per_window(plain, evaluation.windows[0]),
        resumed=resumed,
        notes=notes,
        calibration=calibration,
        left_out=scores.left_out,
        warning=warning,
    )
