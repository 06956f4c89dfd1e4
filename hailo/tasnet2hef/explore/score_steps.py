"""The steps that measure what 8 and 16 bits cost, on the held-out mixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.explore.files import CALIBRATION, GRAPH, HELD_OUT, SCRIPT, SEPARATED
from tasnet2hef.explore.point import EIGHT_BITS, HOST, SEARCHED, SIXTEEN_BITS
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.evaluation_set import EvaluationClip, read_evaluation
from tasnet2hef.quantize.host_ends import host_end_precisions
from tasnet2hef.quantize.model_script import make_script
from tasnet2hef.quantize.number_format import A8_W8, A16_W16, Precision
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.score import score_clips
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation, Simulator, prepare
from tasnet2hef.target.graph.opened import OpenedGraph

DIGITS = 4
"""Of a decibel: more says nothing."""


def simulate(options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Separate the held-out mixtures in float, at 8 and 16 bits; inputs: graph, calibration, speech, original."""
    graph, clips = _opened(places)
    simulator = prepare(graph, open_calibration(places[1] / CALIBRATION), _preparation(options))
    host = host_end_precisions(simulator) if options["ends"] == HOST else {}
    figures = {"float": _si_sdr_db(simulator, clips, None)}
    for name, precision in ((EIGHT_BITS, A8_W8), (SIXTEEN_BITS, A16_W16)):
        chosen = {border.layer: host.get(border.layer, precision) for border in simulator.borders}
        figures[name] = _si_sdr_db(simulator, clips, chosen)
        if not host:
            _write_script(output, name, simulator, chosen, options)
    return figures


def search(options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path) -> dict[str, Any]:
    """Find the cheapest 16-bit layers, and measure them; inputs as of ``simulate``."""
    graph, clips = _opened(places)
    calibration, preparation = places[1] / CALIBRATION, _preparation(options)
    evaluation = places[2] / HELD_OUT if clips[0].references is not None else None
    report = simulate_graph(
        graph, calibration, evaluation, output / "search", SimulationOptions(preparation=preparation)
    )
    simulator = prepare(graph, open_calibration(calibration), preparation)
    chosen = {border.layer: A8_W8 for border in simulator.borders} | dict.fromkeys(report.sixteen_bit, A16_W16)
    figures: dict[str, Any] = {"float": _si_sdr_db(simulator, clips, None)}
    figures[SEARCHED] = _si_sdr_db(simulator, clips, chosen)
    figures["sixteen_bit"] = list(report.sixteen_bit)
    _write_script(output, SEARCHED, simulator, chosen, options)
    for made in (output / "search").iterdir():  # the script is written above, without the time of this run
        made.unlink()
    return figures


def _opened(places: Sequence[Path]) -> tuple[OpenedGraph, list[EvaluationClip]]:
    """Return the graph and the held-out mixtures, at its level; unknown sources are those of the original."""
    graph = OpenedGraph.read(places[0] / GRAPH)
    clips, _ = read_evaluation(places[2] / HELD_OUT, graph.require_contract())
    with np.load(places[3] / SEPARATED) as separated:
        return graph, [
            clip if clip.references is not None else replace(clip, references=separated[clip.path.stem])
            for clip in clips
        ]


def _preparation(options: Mapping[str, Any]) -> Preparation:
    return Preparation(threads=1, any_data=options["any_data"])


def _si_sdr_db(
    simulator: Simulator, clips: Sequence[EvaluationClip], precisions: Mapping[str, Precision] | None
) -> float | None:
    backend = simulator.float_backend() if precisions is None else simulator.backend(precisions)
    figure_db = score_clips(backend, clips)
    return None if figure_db is None or not np.isfinite(figure_db) else round(figure_db, DIGITS)


def _write_script(
    output: Path, name: str, simulator: Simulator, chosen: Mapping[str, Precision], options: Mapping[str, Any]
) -> None:
    settings = SimulationOptions(preparation=simulator.preparation)
    script = make_script(GRAPH, options["windows"], simulator, settings, chosen)
    (output / SCRIPT.format(precision=name)).write_text(script.text, encoding="utf-8")
