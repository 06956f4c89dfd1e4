"""Prints the report of ``freeze`` and ``distil``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasnet2hef.cli import show

if TYPE_CHECKING:
    from tasnet2hef.train.norm_report import NetCost, NormReport


def print_norm_report(report: NormReport) -> None:
    """Print the figures by level and what the net costs on the chip, before and after."""
    console = show.console()
    measure = "SI-SDR improvement [dB]" if report.has_sources else "agreement with the original [dB]"
    rows = [
        (f"{level.dbfs:.0f} dBFS", *(f"{value:.2f}" for value in (level.original, level.result, level.unlevelled)))
        for level in report.levels
    ]
    rows.append(("as mixed", f"{report.original_db:.2f}", f"{report.result_db:.2f}", ""))
    title = f"{measure} on held-out mixtures: {report.result_db - report.original_db:+.2f} dB"
    console.print(show.table(title, ("level of the input", "original", "result", "without levelling"), rows))
    costs = [*_rows("original", report.original_costs), *_rows("result", report.costs)]
    columns = ("net", "residual", "layers parsed", "compiled", "MMAC/s", "contexts", "maps held whole")
    console.print(show.table("Predicted on the chip", columns, costs))
    spec, seconds = report.spec, report.seconds
    steps = f"{report.steps} steps, " if report.steps else ""
    console.print(f"{report.path}: {spec.norm_type}, H {spec.hid_chan}, {steps}{seconds:.0f} s", markup=False)
    console.print(f"  next: tasnet2hef convert {report.path} -o build/", markup=False)
    for note in report.notes:
        show.notice(note)


def _rows(name: str, costs: tuple[NetCost, ...]) -> list[tuple[str, ...]]:
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
