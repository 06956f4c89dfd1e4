"""The steps about the chip: what is predicted of a graph, and what the vendor's compiler makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx

from tasnet2hef.base.outcome import NOT_COMPILED
from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.pipeline import hailo_python
from tasnet2hef.compiler.stages.runner import SilentDisplay
from tasnet2hef.explore.files import CALIBRATION, GRAPH, SCRIPT
from tasnet2hef.explore.point import EIGHT_BITS, HOST, SIXTEEN_BITS
from tasnet2hef.target.check import CheckReport, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph

HEF: Final = "net.hef"


def check(options: Mapping[str, Any], _records: Any, places: Sequence[Path], _output: Path) -> dict[str, Any]:
    """Predict layers, contexts and findings of the graph, or of each part that is compiled; input: graph."""
    reports = [check_graph(part, options["hardware"]) for part in _parts(places[0] / GRAPH, options)]
    costs = [report.resources.cost for report in reports]
    seconds = reports[0].resources.audio_seconds or 1.0
    return {
        "layers": sum(cost.compiled_layers for cost in costs),
        "contexts": {
            name: sum(_contexts(report, name) for report in reports) for name in (EIGHT_BITS, SIXTEEN_BITS)
        },
        "programs": len(reports),
        "widest_row": max(cost.widest_row.values for cost in costs),
        "held_bytes": sum(cost.held_values for cost in costs),
        "weights": sum(cost.weights for cost in costs),
        "mmacs_per_second": round(sum(cost.macs for cost in costs) / 1e6 / seconds, 1),
        "errors": _rules(reports, "error"),
        "warnings": _rules(reports, "warning"),
    }


def _parts(path: Path, options: Mapping[str, Any]) -> list[OpenedGraph]:
    """Return what is compiled of a graph: itself, its segments, or what is between its ends."""
    if options["ends"] != HOST and options["segments"] == 1:
        return [OpenedGraph.read(path)]
    from tasnet2hef.model.host_ends import chip_part
    from tasnet2hef.model.segments import split_model

    model = onnx.load(path)
    parts = [chip_part(model)] if options["ends"] == HOST else split_model(model, options["segments"])
    return [OpenedGraph(part, Path(f"part_{number}.onnx")) for number, part in enumerate(parts, start=1)]


def _contexts(report: CheckReport, precision: str) -> int:
    """Return the likely contexts; 16-bit weights take twice the memory [inferred]."""
    cost = report.resources.cost
    return report.resources.chip.likely_contexts(cost.lcus, cost.weights * (2 if precision == SIXTEEN_BITS else 1))


def _rules(reports: Sequence[CheckReport], level: str) -> list[str]:
    """Return the rules that found something, each once."""
    found = [finding.rule for report in reports for finding in report.findings if finding.level == level]
    return list(dict.fromkeys(found))


def compile_point(
    options: Mapping[str, Any], _records: Any, places: Sequence[Path], output: Path
) -> dict[str, Any]:
    """Compile a graph with the driver's own limits and logs; inputs: graph, calibration, scores.

    The HEF, its sidecar and the logs come home. A failure is a result, with its explanation.

    Raises:
        RuntimeError: there is no compiler here.
    """
    work = output.parent / "work"
    work.mkdir()
    for place, name in ((places[0], GRAPH), (places[1], CALIBRATION)):
        shutil.copyfile(place / name, work / name)
    python, _ = hailo_python("")
    script = places[2] / SCRIPT.format(precision=options["precision"])
    settings = CompileOptions(
        hardware=options["hardware"],
        script=script if script.is_file() else None,
        output=work / HEF,
        python=python,
        minutes=options["minutes"],
    )
    report = compile_graph(OpenedGraph.read(work / GRAPH), work / CALIBRATION, settings, SilentDisplay())
    if report.outcome == NOT_COMPILED:  # that is of this machine, not of the graph: it is not kept
        raise RuntimeError(report.stopped_because)
    homeward = {made.name: made for made in work.glob(f"{HEF}*")}
    homeward |= {f"{record.stage}.log": report.folder / record.log for record in report.records if record.log}
    for name, made in homeward.items():
        if made.is_file():
            shutil.copyfile(made, output / name)
    failure = report.failure
    return {
        "outcome": report.outcome,
        "contexts": None if report.hef is None else report.hef.contexts,
        "bytes": None if report.hef is None else report.hef.size_bytes,
        "compiler": None if report.hef is None else report.hef.compiler_version,
        "failure": "" if failure is None else failure.cause,
        "stopped_because": report.stopped_because,
    }
