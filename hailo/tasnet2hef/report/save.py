"""Saves the results of a run's steps in the graph's report folder and renders the page again."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.version import __version__, installed_versions
from tasnet2hef.report.facts import MARK, PAGE_NAME, RunFacts, StepFacts, read_facts, report_folder, save_step
from tasnet2hef.report.page import write_page

if TYPE_CHECKING:
    from tasnet2hef.compiler.report import CompileReport
    from tasnet2hef.model.export import ExportReport
    from tasnet2hef.quantize.report import SimulationReport
    from tasnet2hef.report.listening import Listening
    from tasnet2hef.target.check import CheckReport
    from tasnet2hef.target.graph.opened import OpenedGraph

_PACKAGES: Final = ("numpy", "onnx", "onnxruntime", "torch")


def write_report(
    graph: OpenedGraph,
    *,
    export: ExportReport | None = None,
    check: CheckReport | None = None,
    simulate: SimulationReport | None = None,
    compiled: CompileReport | None = None,
    audio: Listening | None = None,
    seconds: Mapping[str, float] | None = None,
    inputs: Iterable[Path] = (),
    command: str | None = None,
    folder: Path | None = None,
    force: bool = False,
) -> Path:
    """Save the given steps' results, render the page again and return it: ``GRAPH.report/report.html``.

    ``seconds`` are times by step, for reports without their own; ``inputs`` are files that the run read, listed
    with their SHA-256; ``folder`` is the report folder if it is not the one beside the graph; ``force``
    replaces files in it that no report made.

    Raises:
        OptionError: the folder can't be written, or holds damaged facts.
    """
    from tasnet2hef.report.check_facts import check_facts

    folder = folder or report_folder(graph.path)
    inputs = tuple(inputs)
    names = [PAGE_NAME, *(track.file_name for track in (audio.tracks if audio else ()))]
    given = {"export": export, "check": check, "simulate": simulate, "compile": compiled, "audio": audio}
    names += [f"{step}.json" for step, result in given.items() if result is not None]
    require_outputs([Output(folder / name, MARK) for name in names], [*graph.files, *inputs], force=force)
    results: dict[str, Mapping[str, Any] | None] = {
        **_results(export, simulate, compiled),
        "check": None if check is None else check_facts(check),
        "audio": None if audio is None else audio.save(folder),
    }
    times = {**_own_seconds(export, compiled, audio), **(seconds or {})}
    digests = {path.name: digest_of_file(path) for path in inputs if path.is_file()}
    written = _steps(graph, results, command=command, times=times, digests=digests)
    for facts in written.values():
        save_step(folder, facts)
    return write_page(read_facts(folder, written))


def facts_so_far(
    graph: OpenedGraph,
    *,
    export: ExportReport | None = None,
    check: CheckReport | None = None,
    simulate: SimulationReport | None = None,
    compiled: CompileReport | None = None,
) -> RunFacts:
    """Return the facts of a graph's run with the given steps' results in place of earlier ones; writes nothing.

    Damaged facts of earlier steps do not count.
    """
    checked = {"check": None if check is None else check.to_json()}
    steps = _steps(graph, {**_results(export, simulate, compiled), **checked})
    try:
        return read_facts(report_folder(graph.path), steps)
    except OptionError:
        return RunFacts(graph.path.stem, report_folder(graph.path), steps)


def _results(
    export: ExportReport | None, simulate: SimulationReport | None, compiled: CompileReport | None
) -> dict[str, Mapping[str, Any] | None]:
    given = {"export": export, "simulate": simulate, "compile": compiled}
    return {step: None if report is None else report.to_json() for step, report in given.items()}


def _steps(
    graph: OpenedGraph,
    results: Mapping[str, Mapping[str, Any] | None],
    *,
    command: str | None = None,
    times: Mapping[str, float] = MappingProxyType({}),
    digests: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, StepFacts]:
    """Return the facts of the steps that have a result."""
    return {
        step: StepFacts(
            step=step,
            command=command or command_line(),
            written=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            graph_digest=graph.digest,
            graph=str(graph.path),
            result=result,
            seconds=times.get(step),
            versions=versions(),
            digests=digests,
        )
        for step, result in results.items()
        if result is not None
    }


def command_line() -> str:
    """Return the command line of this process, quoted for a shell."""
    program = Path(sys.argv[0])
    words = ["python", "-m", program.parent.name] if program.name == "__main__.py" else [program.name]
    return shlex.join([*words, *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that computed the results; missing ones are left out."""
    own = {"tasnet2hef": __version__, "python": platform.python_version()}
    return own | installed_versions(_PACKAGES)


def _own_seconds(
    export: ExportReport | None, compiled: CompileReport | None, audio: Listening | None
) -> dict[str, float]:
    times = {
        "export": None if export is None else export.elapsed_seconds,
        "compile": None if compiled is None else compiled.seconds,
        "audio": None if audio is None else audio.seconds,
    }
    return {step: value for step, value in times.items() if value is not None}
