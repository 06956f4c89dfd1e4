"""Tables that more than one command prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasnet2hef.base.outcome import REFUSED
from tasnet2hef.base.text import escaped, first_few, one_line
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from pathlib import Path

    from tasnet2hef.compiler.report import CompileReport
    from tasnet2hef.runtime.separation_report import SeparationReport
    from tasnet2hef.target.check import CheckReport, FindingGroup
    from tasnet2hef.target.failures.classify import Explanation
    from tasnet2hef.target.files.file_summary import FileSummary, Port
    from tasnet2hef.train.norm_report import NetCost, NormReport

_NAMES_SHOWN: Final = 3
_ROWS_SHOWN: Final = 40
_LONGEST_CELL: Final = 1_000


def print_check(report: CheckReport) -> None:
    """Print the findings, the predicted layers and their cost."""
    console = show.console()
    compiler = f" with DFC {report.compiler}" if report.compiler else ""
    title = f"{report.name} on {report.resources.chip.name}{compiler}: {report.verdict}"
    if report.findings:
        console.print(_findings_table(title, report.groups))
    else:
        show.line(title)
    layers = [(type_, str(count)) for type_, count in report.resources.cost.layers_by_type.items()]
    console.print(show.table("Predicted layers", ("type", "count"), layers))
    console.print(show.table("Cost", ("of one run", ""), _cost_rows(report)))
    if report.resources.column_gain is not None:
        show.notice(report.resources.column_gain.sentence)
    for note in (*report.notes, *report.net.notes):
        show.notice(note)


def _findings_table(title: str, groups: Sequence[FindingGroup]) -> Table:
    """Make the table of findings: what happens, what to do and where that is known from share a cell."""
    table = Table(title=escape(one_line(title)), title_justify="left", title_style="bold", show_lines=True)
    for column, ratio in (
        ("level", None),
        ("rule, stage", 2),
        ("layer", 2),
        ("ONNX node", 2),
        ("what happens", 8),
    ):
        table.add_column(column, overflow="fold", ratio=ratio)
    for group in groups:
        table.add_row(*(escape(cell) for cell in _cells(group)))
    return table


def _cells(group: FindingGroup) -> tuple[str, ...]:
    first = group.first
    message = f"{first.message}\nfix: {first.fix}\n{first.grade}: {first.source}"
    return (
        first.level,
        f"{first.rule}\n{first.stage}",
        first_few(group.layers, _NAMES_SHOWN, "\n"),
        first_few(group.nodes, _NAMES_SHOWN, "\n"),
        message,
    )


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
    """Print what a run came to: the stages, the emulator's steps, and the HEF or the failure."""
    from tasnet2hef.compiler.report_archive import ARCHIVE_NAME

    if report.outcome == REFUSED:
        print_check(report.check)
        return
    if report.hand_over is None:
        rows = [(each.stage, each.outcome, f"{each.seconds:.1f}", each.log) for each in report.records]
        show.console().print(show.table(f"Run in {report.folder}", ("stage", "outcome", "seconds", "log"), rows))
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
        show.console().print(f"for us, without weights, audio and paths: {archive}", markup=False, soft_wrap=True)
    for note in report.notes:
        show.notice(note)


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
    console = show.console()
    console.print(show.table(title, ("mode", "signal-to-error [dB]", "expected at least", ""), rows))
    disagreeing = first_disagreeing(report.emulator)
    if disagreeing is not None:
        mode = disagreeing.mode
        console.print(f"first mode that disagrees: {mode}; look at {MEANINGS[mode]}", markup=False)


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
    show.console().print(show.table(str(hef.path), ("HEF", ""), rows))
    if hef.stored is None:
        show.notice(hef.unread)
    else:
        print_ports(hef.stored, show.console())


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
    show.console().print(show.text_table(title, ("", "why and what now"), rows))


def print_explanation(failure: Explanation, report: Path | None) -> None:
    """Print what a log tells; ``report`` is the file that was written of it, if any."""
    rows = _why(failure)
    rule = f", rule {failure.rule}" if failure.rule else ""
    show.console().print(show.text_table(f"{failure.signature}{rule}", ("", "why and what now"), rows))
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
    hand_over = report.hand_over
    rows = [
        ("all of it", str(hand_over.bundle)),
        ("checked graph", str(hand_over.model)),
        ("predicted layers", str(hand_over.predicted_layers)),
        ("calibration set", str(hand_over.calibration)),
        ("model script", "none given" if hand_over.script is None else str(hand_over.script)),
    ]
    show.console().print(show.table("NOT COMPILED: no HEF was made. To take along", ("what", "where"), rows))


def print_ports(summary: FileSummary, console: Console) -> None:
    """Print a file's inputs and outputs."""
    for title, ports in (("Inputs", summary.inputs), ("Outputs", summary.outputs)):
        console.print(_ports_table(f"{title} [{summary.axes}]", ports))


def _ports_table(title: str, ports: Sequence[Port]) -> Table:
    """Make a table of the columns that are not empty."""
    rows = [_port_row(port) for port in ports]
    columns = ("name", "shape", "padded", "bytes a row", "scale", "zero point", "range", "original nodes")
    used = [place for place in range(len(columns)) if place < 2 or any(row[place] for row in rows)]
    return table_of_file(
        title, [columns[place] for place in used], [[row[place] for place in used] for row in rows]
    )


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


def table_of_file(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Make a table of text that comes from a file: its first rows, made harmless for a terminal."""
    shown: Iterable[Sequence[str]] = rows[:_ROWS_SHOWN]
    more = len(rows) - _ROWS_SHOWN
    if more > 0:
        shown = [*shown, (f"and {more:,} more (--json has all)", *[""] * (len(columns) - 1))]
    cells = (tuple(printable(cell) for cell in row) for row in shown)
    return show.table(printable(title), columns, cells, left=(0, -1))


def printable(text: str) -> str:
    """Return text from a file as it can be shown, cut to a length that a table can show.

    >>> printable("conv\\x1b[2J")
    'conv\\\\x1b[2J'
    """
    return escaped(text[:_LONGEST_CELL]) + ("..." if len(text) > _LONGEST_CELL else "")


def print_separation(report: SeparationReport) -> None:
    """Print the files and, with references, the scores of the sources."""
    console = show.console()
    if report.si_sdr_db is None or report.si_sdr_improvement_db is None or report.source_numbers is None:
        console.print(show.table("Sources", ("file",), [(str(path),) for path in report.outputs]))
    else:
        rows = [
            (str(report.outputs[number - 1]), str(reference), f"{db:.1f}", f"{gained:+.1f}")
            for reference, (number, db, gained) in enumerate(
                zip(report.source_numbers, report.si_sdr_db, report.si_sdr_improvement_db, strict=True), start=1
            )
        ]
        console.print(show.table("Sources", ("file", "reference", "SI-SDR [dB]", "over the mixture [dB]"), rows))
    console.print(
        f"{report.audio_seconds:.1f} s in {report.windows} windows of {report.window_seconds:.2f} s, "
        f"real-time factor {report.rtf:.3f} ({1 / report.rtf:.0f} times faster than real time)"
        if report.rtf < 1
        else f"{report.audio_seconds:.1f} s, real-time factor {report.rtf:.3f}"
    )
    if report.simulated:
        console.print(f"  8 bits, simulated with {report.simulated}: not the float model's sources", markup=False)
    elif report.is_exact:
        console.print("  the model's output equals inference on the whole file at once")
    for note in report.notes:
        show.notice(note)


def print_norms(report: NormReport) -> None:
    """Print the figures by level and what the net costs on the chip, before and after."""
    console = show.console()
    rows = [
        (f"{level.dbfs:.0f} dBFS", *(f"{value:.2f}" for value in (level.original, level.result, level.unlevelled)))
        for level in report.levels
    ]
    rows.append(("as mixed", f"{report.original_db:.2f}", f"{report.result_db:.2f}", ""))
    measure = "SI-SDR improvement [dB]" if report.has_sources else "Agreement with the original [dB]"
    console.print(report.headline, markup=False, style="bold" if report.is_evidence else "bold red")
    console.print(show.table(measure, ("level of the input", "original", "result", "without levelling"), rows))
    costs = [*_net_costs("original", report.original_costs), *_net_costs("result", report.costs)]
    columns = ("net", "residual", "layers parsed", "compiled", "MMAC/s", "contexts", "maps held whole")
    console.print(show.table("Predicted on the chip", columns, costs))
    spec, seconds = report.spec, report.seconds
    steps = f"{report.steps} steps, " if report.steps else ""
    show.line(f"{report.path}: {spec.norm_type}, H {spec.hid_chan}, {steps}{seconds:.0f} s")
    if report.is_evidence:
        show.line(f"  next: tasnet2hef convert {report.path} -o build/")
    for note in report.notes:
        show.notice(note)
    if report.warning:
        show.warn(report.warning)


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
