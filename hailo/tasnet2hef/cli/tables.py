"""Tables that more than one command prints."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tasnet2hef.base.agreement import BROKEN_FROM_LOSS_DB, GOOD_BELOW_LOSS_DB, STATUS
from tasnet2hef.base.outcome import ERROR, NOT_RUN, OK, REFUSED, WARNING, Status
from tasnet2hef.base.text import counted, escaped, first_few
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from pathlib import Path

    from tasnet2hef.compiler.report import CompileReport
    from tasnet2hef.runtime.separation_report import SeparationReport
    from tasnet2hef.target.check import CheckReport, FindingGroup
    from tasnet2hef.target.failures.classify import Explanation
    from tasnet2hef.target.files.file_summary import FileSummary, Port
    from tasnet2hef.target.rules.framework.finding import Level
    from tasnet2hef.train.norm_report import NetCost, NormReport

_NAMES_SHOWN: Final = 2
_COST_SHOWN: Final = ("layers parsed / compiled", "likely contexts", "operations a second of audio")
_LEVEL_STATUS: Final[Mapping[Level, Status]] = {"error": ERROR, "warning": WARNING, "note": NOT_RUN}
_ROWS_SHOWN: Final = 40
_LONGEST_CELL: Final = 1_000


def print_check(report: CheckReport) -> None:
    """Print the verdict, a block for each finding, and the cost; layers and evidence with ``--verbose``."""
    print_check_verdict(report)
    for group in report.groups:
        if show.is_verbose() or group.first.level == "error" or not report.errors:
            _print_finding(group)
    _print_further(report)
    show.heading("Cost of one run")
    rows = _cost_rows(report)
    show.facts(rows if show.is_verbose() else [row for row in rows if row[0] in _COST_SHOWN])
    if show.is_verbose():
        layers = report.resources.cost.layers_by_type.items()
        show.heading("Predicted layers")
        show.facts((type_, str(count)) for type_, count in layers)
    if report.resources.column_gain is not None:
        show.notice(report.resources.column_gain.sentence)
    for note in (*report.notes, *report.net.notes):
        show.notice(note)


def print_check_verdict(report: CheckReport) -> None:
    """Print whether the compiler will take a graph, in the words of the page."""
    from tasnet2hef.report.verdict import verdict_of_check

    verdict = verdict_of_check(report.to_json())
    compiler = f" with DFC {report.compiler}" if report.compiler else ""
    show.verdict(verdict.status, f"{report.name}: {verdict.headline}{compiler}", verdict.sentence)


def _print_further(report: CheckReport) -> None:
    """Print by name only what does not matter before the errors are mended."""
    further = [group for group in report.groups if group.first.level != "error"]
    if not further or not report.errors or show.is_verbose():
        return
    show.heading("Further warnings and notes, in full with --verbose")
    show.facts((group.first.rule, counted(group.count, "place")) for group in further)


def _print_finding(group: FindingGroup) -> None:
    first = group.first
    shown = None if show.is_verbose() else _NAMES_SHOWN
    show.heading(
        f"{first.level} {first.rule} ({counted(group.count, 'place')}, {first.stage})",
        style=show.STATUS_STYLES.get(_LEVEL_STATUS[first.level], ""),
    )
    show.paragraph(first.message)
    show.paragraph(f"fix: {first.fix}")
    for title, names in (("at", group.layers), ("nodes", group.nodes if show.is_verbose() else ())):
        if names:
            show.paragraph(f"{title}: {first_few(names, len(names) if shown is None else shown)}")
    if show.is_verbose():
        show.paragraph(f"{first.grade}: {first.source}")


def _cost_rows(report: CheckReport) -> list[tuple[str, str]]:
    resources, cost = report.resources, report.resources.cost
    chip, widest = resources.chip, cost.widest_row
    apus = "unknown" if chip.apus is None else f"{int(chip.apus)}"
    rate = resources.gops_per_second_of_audio
    return [
        ("layers parsed / compiled", f"{cost.parsed_layers} / {cost.compiled_layers}"),
        ("LCUs", f"{cost.lcus} of {int(chip.layer_controllers)}, {chip.single_context_layers} in one context"),
        ("APUs", f"{cost.apus} of {apus}"),
        ("memory units for weights", f"{resources.memory_units} of {int(chip.memory_units)} [inferred]"),
        ("likely contexts", f"{resources.contexts_in_words} [inferred]"),
        ("weights", f"{cost.weights:,}"),
        ("operations", f"{resources.gops:.3f} GOP"),
        ("operations a second of audio", "unknown" if rate is None else f"{rate:.3f} GOP/s"),
        ("widest row", f"{widest.values:,} bytes ({widest.width} x {widest.features}, {widest.layer})"),
        ("maps held whole", f"{len(cost.held_maps)}, {cost.held_values:,} bytes"),
    ]


def print_compile(report: CompileReport) -> None:
    """Print what a run came to: the verdict, then the HEF or the failure; stages and steps with ``--verbose``."""
    from tasnet2hef.compiler.report_archive import ARCHIVE_NAME

    if report.outcome == REFUSED:
        print_check(report.check)
        return
    _print_compile_verdict(report)
    if report.hand_over is None and show.is_verbose():
        rows = [(each.stage, each.outcome, f"{each.seconds:.1f}", each.log) for each in report.records]
        show.table(f"Run in {report.folder}", ("stage", "outcome", "seconds", "log"), rows)
    if report.emulator:
        _print_steps(report)
    if report.hef is not None:
        _print_hef(report)
    elif report.hand_over is not None:
        _print_hand_over(report)
    elif report.failure is not None:
        _print_failure(report, report.failure)
    archive = report.folder / ARCHIVE_NAME
    if report.hand_over is None and archive.is_file():
        show.line(f"for us, without weights, audio and paths: {archive}")
    for note in report.notes:
        show.notice(note)


def _print_compile_verdict(report: CompileReport) -> None:
    from tasnet2hef.report.verdict import verdict_of_compile

    verdict = verdict_of_compile(report.to_json(), report.check.to_json())
    show.verdict(verdict.status, f"{report.check.name}: {verdict.headline}", verdict.sentence)


def _print_steps(report: CompileReport) -> None:
    from tasnet2hef.compiler.emulator_check import LEAST_AGREEMENT_DB, MEANINGS, first_disagreeing

    rows = [
        (
            each.mode,
            each.reason[:80] if each.agreement_db is None else f"{each.agreement_db:.1f}",
            f"{LEAST_AGREEMENT_DB[each.mode]:.0f}",
            "disagrees" if each.disagrees else "",
        )
        for each in report.emulator
    ]
    title = "The emulator against ONNX Runtime, worst output"
    show.table(title, ("mode", "signal-to-error [dB]", "expected at least", ""), rows)
    disagreeing = first_disagreeing(report.emulator)
    if disagreeing is not None:
        mode = disagreeing.mode
        show.line(f"first mode that disagrees: {mode}; look at {MEANINGS[mode]}")


def _print_hef(report: CompileReport) -> None:
    assert report.hef is not None
    from tasnet2hef.compiler.agreement_report import AGREEMENT_JSON
    from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path

    hef = report.hef
    sidecar = sidecar_path(hef.path)
    contexts = "not in the log" if hef.contexts is None else str(hef.contexts)
    rows = [
        ("compiler", hef.compiler_version),
        ("size", f"{hef.size_bytes:,} bytes"),
        ("contexts", contexts),
        ("SHA-256", hef.sha256),
        ("sidecar", str(sidecar) if sidecar.is_file() else "none: the graph is not of tasnet2hef"),
        ("layers against the prediction", str(report.folder / AGREEMENT_JSON)),
    ]
    rows += [(f"{end['kind']} {end['name']}", str(end["shape"])) for end in hef.ends]
    show.table(str(hef.path), ("HEF", ""), rows)
    if hef.stored is None:
        show.notice(hef.unread)
    else:
        print_ports(hef.stored)


def _print_failure(report: CompileReport, failure: Explanation) -> None:
    assert report.last is not None
    rows = [*_why(failure), ("log", str(report.folder / report.last.log))]
    if report.next_fallback is not None:
        next_one = report.next_fallback
        how = next_one.command or (
            next_one.why if next_one.manual else f"{next_one.script}; allow it with more --attempts"
        )
        rows.append((f"next fallback: {next_one.id}", f"{next_one.what}: {how}"))
    rule = f", rule {failure.rule}" if failure.rule else ""
    title = f"{report.last.stage} failed: {failure.signature}{rule}"
    show.heading(title, style="bold red")
    show.facts(rows)


def print_explanation(failure: Explanation, report: Path | None) -> None:
    """Print what a log tells; ``report`` is the file that was written of it, if any."""
    rows = _why(failure)
    rule = f", rule {failure.rule}" if failure.rule else ""
    show.heading(f"{failure.signature}{rule}")
    show.facts(rows)
    if report is not None:
        show.notice(f"{report} is a report to send; read it first")


def _why(failure: Explanation) -> list[tuple[str, str]]:
    """Return the rows of an explanation; the last ones are commands."""
    node = f"{failure.node} ({failure.operator})" if failure.operator else failure.node
    rows = [
        ("the vendor's words", failure.words),
        ("node", node),
        ("layer", failure.layer),
        ("cause", failure.cause),
        ("known from", f"{failure.grade}: {failure.source}"),
        ("fix", failure.fix),
        *(("next command", each) for each in failure.commands),
    ]
    return [(name, printable(text)) for name, text in rows if text]


def _print_hand_over(report: CompileReport) -> None:
    assert report.hand_over is not None
    if not show.is_verbose():  # the command to copy it names the folder that holds all
        return
    hand_over = report.hand_over
    rows = [
        ("all of it", str(hand_over.bundle)),
        ("checked graph", str(hand_over.model)),
        ("predicted layers", str(hand_over.predicted_layers)),
        ("calibration set", str(hand_over.calibration)),
        ("model script", "none given" if hand_over.script is None else str(hand_over.script)),
    ]
    show.heading("To take along")
    show.facts(rows)


def print_ports(summary: FileSummary) -> None:
    """Print a file's inputs and outputs."""
    columns = ("name", "shape", "padded", "bytes a row", "scale", "zero point", "range", "original nodes")
    for title, ports in (("Inputs", summary.inputs), ("Outputs", summary.outputs)):
        print_table_of_file(f"{title} [{summary.axes}]", columns, [_port_row(port) for port in ports])


def _port_row(port: Port) -> tuple[str, ...]:
    padded, values = port.padded_shape, port.value_range
    return (
        port.name,
        sizes(port.shape),
        "" if padded is None or padded == port.shape else sizes(padded),
        "" if port.row_bytes is None else f"{port.row_bytes:,}",
        "" if port.scale is None else f"{port.scale:.6g}",
        "" if port.zero_point is None else f"{port.zero_point:g}",
        "" if values is None else f"{values[0]:.4g} to {values[1]:.4g}",
        ", ".join(port.original_names),
    )


def sizes(shape: Sequence[int | None]) -> str:
    """Format a shape.

    >>> sizes([None, 1, 16000])
    '? x 1 x 16000'
    """
    return " x ".join("?" if size is None else str(size) for size in shape)


def print_table_of_file(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of text that comes from a file: its first rows, made harmless for a terminal."""
    shown: Iterable[Sequence[str]] = rows[:_ROWS_SHOWN]
    more = len(rows) - _ROWS_SHOWN
    if more > 0:
        shown = [*shown, (f"and {more:,} more (--json has all)", *[""] * (len(columns) - 1))]
    cells = (tuple(printable(cell) for cell in row) for row in shown)
    show.table(printable(title), columns, cells, left=(0, -1))


def printable(text: str) -> str:
    """Return text from a file as it can be shown, cut to a length that a table can show.

    >>> printable("conv\\x1b[2J")
    'conv\\\\x1b[2J'
    """
    return escaped(text[:_LONGEST_CELL]) + ("..." if len(text) > _LONGEST_CELL else "")


def print_separation(report: SeparationReport) -> None:
    """Print what computed the sources, their files and, with references, their scores."""
    made_by = f"8 bits, simulated with {report.simulated}" if report.simulated else "the model itself"
    sources = f"{counted(len(report.outputs), 'source')} in {report.outputs[0].parent}"
    show.verdict(WARNING if report.simulated else OK, f"Separated by {made_by}: {sources}")
    show.facts(_source_rows(report))
    faster = f", {1 / report.rtf:.0f} times faster than real time" if report.rtf < 1 else ": slower than real time"
    show.paragraph(
        f"{report.audio_seconds:.1f} s in {counted(report.windows, 'window')} of {report.window_seconds:.2f} s; "
        f"real-time factor {report.rtf:.3f}{faster}"
    )
    if report.is_exact and not report.simulated:
        show.paragraph("the model's output equals inference on the whole file at once")
    for note in report.notes:
        show.notice(note)


def _source_rows(report: SeparationReport) -> list[tuple[str, str]]:
    """Return the files, with what their references tell of them."""
    if report.si_sdr_db is None or report.si_sdr_improvement_db is None or report.source_numbers is None:
        return [(str(path), "") for path in report.outputs]
    scores = zip(report.source_numbers, report.si_sdr_db, report.si_sdr_improvement_db, strict=True)
    return [
        (str(report.outputs[number - 1]), f"reference {place}: SI-SDR {db:.1f} dB, {gained:+.1f} over the mixture")
        for place, (number, db, gained) in enumerate(scores, start=1)
    ]


def print_norms(report: NormReport) -> None:
    """Print the figure that counts and what the net costs on the chip; the figures by level with ``--verbose``."""
    limits = f"good below {GOOD_BELOW_LOSS_DB} dB lost, broken from {BROKEN_FROM_LOSS_DB} dB"
    judged = f"{report.headline}: {report.verdict} ({limits})" if report.is_evidence else report.headline
    show.verdict(STATUS[report.verdict], judged)
    before, after = _fewest_contexts(report.original_costs), _fewest_contexts(report.costs)
    steps = f"{report.steps} steps, " if report.steps else ""
    show.facts(
        [
            (
                "checkpoint",
                f"{report.path}: {report.spec.norm_type}, H {report.spec.hid_chan}, {steps}{report.seconds:.0f} s",
            ),
            ("on the chip", f"{before} -> {after} (inferred)"),
        ]
    )
    if show.is_verbose():
        _print_norm_details(report)
    for note in report.notes:
        show.notice(note)
    if report.warning:
        show.warn(report.warning)
    elif report.is_evidence:
        command = shlex.join(["tasnet2hef", "convert", str(report.path), "-o", "build/"])
        show.next_command(command, "make the graph of it")


def _fewest_contexts(costs: tuple[NetCost, ...]) -> str:
    best = min(costs, key=lambda cost: cost.compiled_layers, default=None)
    if best is None:
        return "no equivalent on the chip"
    return f"{counted(best.contexts, 'context')}, {counted(best.compiled_layers, 'layer')}"


def _print_norm_details(report: NormReport) -> None:
    rows = [
        (f"{level.dbfs:.0f} dBFS", *(f"{value:.2f}" for value in (level.original, level.result, level.unlevelled)))
        for level in report.levels
    ]
    rows.append(("as mixed", f"{report.original_db:.2f}", f"{report.result_db:.2f}", ""))
    measure = "SI-SDR improvement [dB]" if report.has_sources else "Agreement with the original [dB]"
    show.table(measure, ("level of the input", "original", "result", "without levelling"), rows)
    costs = [*_net_costs("original", report.original_costs), *_net_costs("result", report.costs)]
    columns = ("net", "residual", "layers parsed", "compiled", "MMAC/s", "contexts", "maps held whole")
    show.table("Predicted on the chip", columns, costs)


def _net_costs(name: str, costs: tuple[NetCost, ...]) -> list[tuple[str, ...]]:
    if not costs:
        return [(name, "no equivalent on the chip", "", "", "", "", "")]
    return [
        (
            name,
            cost.residual,
            str(cost.parsed_layers),
            str(cost.compiled_layers),
            f"{cost.macs_per_s / 1e6:.0f}",
            str(cost.contexts),
            str(cost.held_maps),
        )
        for cost in costs
    ]
