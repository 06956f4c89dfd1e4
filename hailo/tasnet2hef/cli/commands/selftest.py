"""``tasnet2hef selftest``: every stage of a build held against the original, where a device is, on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from tasnet2hef.diagnose.selftest.selftest import NetResult, SelfTest


def command(
    build: Path = typer.Argument(
        help="Folder of what `convert` and `compile` made, or one ONNX file or HEF in it."
    ),
    simulate: bool = typer.Option(
        True, "--simulate/--no-simulate", help="Also simulate 8 bits, if a calibration set lies beside the graph."
    ),
    threads: int | None = typer.Option(None, min=1, help="CPU threads.", show_default="all cores"),
    json_output: bool = typer.Option(False, "--json", help="Print one JSON object instead of tables."),
) -> None:
    """Run real speech through every stage that is there and say how far each agrees with the original.

    At least 80 dB in float, 15 dB at 8 bits, and on the device 15 dB and no more than 6 dB below the simulated 8
    bits. Hardware, driver, runtime and HEF are held against each other before anything is loaded. What is not
    there is not run and is no fault; a broken stage ends in exit code 1.

    Example: `tasnet2hef selftest build/`
    """
    from tasnet2hef.diagnose.selftest.selftest import selftest

    with show.progress("self-test") as progress:
        result = selftest(build, simulate=simulate, threads=threads, progress=progress)
    if json_output:
        show.print_json(result.to_json())
    else:
        print_result(result)
    if result.broken:
        raise RefusedError(
            f"{build}: found {len(result.broken)} broken stages ({', '.join(result.broken)}), expected none; the "
            "first one is where to look"
        )


def print_result(result: SelfTest) -> None:
    """Print the device, and each net's stages."""
    console = show.console()
    checks = () if result.device is None else result.device.checks
    if checks:
        rows = [(check.what, check.found, check.verdict, check.advice) for check in checks]
        console.print(_left(show.table("Device", ("", "found", "verdict", "what to do"), rows)))
    for net in result.nets:
        print_net(net)


def print_net(net: NetResult) -> None:
    """Print one net's stages."""
    console = show.console()
    rows = [
        (stage.name, _level(stage.agreement_db), _level(stage.floor_db), stage.outcome) for stage in net.stages
    ]
    title = f"{net.name}: agreement with {net.reference}, worst source"
    console.print(show.table(title, ("stage", "found [dB]", "at least [dB]", "outcome"), rows))
    for check in net.checks:
        if check.advice:
            show.notice(f"{net.name}: {check.what} {check.found}: {check.advice}")
    for stage in net.stages:
        if stage.reason:
            show.notice(f"{net.name}: {stage.name} {stage.outcome}: {stage.reason}")


def _level(level_db: float | None) -> str:
    return "" if level_db is None else f"{level_db:.1f}"


def _left(table: Table) -> Table:
    for column in table.columns:
        column.justify = "left"
    return table
