"""``tasnet2hef selftest``: compares every form of a build with the original, on the device where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.outcome import ERROR, NOT_RUN, OK, WARNING, Status
from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption, ThreadsOption, VerboseOption
from tasnet2hef.cli.progress import progress_bar

if TYPE_CHECKING:
    from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
    from tasnet2hef.diagnose.selftest.comparison import Comparison
    from tasnet2hef.diagnose.selftest.selftest import NetReport, SelftestReport


def command(
    build: Path = typer.Argument(
        metavar="BUILD_FOLDER", help="Folder that `convert` and `compile` wrote to, or one ONNX file or HEF in it."
    ),
    simulate: bool = typer.Option(
        True, "--simulate/--no-simulate", help="Also simulate 8 bits, if a calibration set is beside the graph."
    ),
    calibration: Path | None = typer.Option(
        None,
        "--calib",
        metavar="FILE",
        help="Calibration set to simulate with.",
        show_default="the one made for the graph",
    ),
    threads: ThreadsOption = None,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Run real speech through ONNX, 8 bits and the device, and compare each with the original.

    At least 80 dB in float, 15 dB at 8 bits (a warning below 20), and on the device 15 dB and no more than 6 dB
    below the simulated 8 bits. Hardware, driver, runtime and HEF are checked against each other before anything is
    loaded. What is missing is skipped and is no error; too little agreement ends in exit code 1.

    Example:

    `tasnet2hef selftest build/`
    """
    show.set_verbose(verbose)
    from tasnet2hef.diagnose.selftest.selftest import selftest

    with progress_bar("self-test") as progress:
        report = selftest(build, simulate=simulate, calibration=calibration, threads=threads, progress=progress)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    if report.errors:
        raise RefusedError(
            f"{build}: found {len(report.errors)} errors ({', '.join(report.errors)}), expected none; look at the "
            "first one"
        )


def print_report(report: SelftestReport) -> None:
    """Print the device, and each net's comparisons."""
    if report.device is not None:
        show.heading("Device")
        show.facts(
            (f"{each.status:<8} {each.what}", "\n".join(filter(None, (each.found, each.advice))))
            for each in report.device.diagnoses
        )
    for net in report.nets:
        print_net(net)


def print_net(net: NetReport) -> None:
    """Print one net's comparisons."""
    show.verdict(_worst(net), f"{net.name}: agreement with {net.reference}, worst source")
    show.facts((f"{each.status:<8} {each.title}", _level(each)) for each in net.comparisons)
    for diagnosis in net.program:
        if diagnosis.advice:
            show.notice(f"{net.name}: {_sentence(diagnosis)}")
    for each in net.comparisons:
        if each.reason:
            show.notice(f"{net.name}: {each.title} {each.status}: {each.reason}")


def _sentence(diagnosis: Diagnosis) -> str:
    evidence = f" ({diagnosis.grade}: {diagnosis.source})" if diagnosis.source else ""
    return f"{diagnosis.what}: {diagnosis.found}; {diagnosis.advice}{evidence}"


def _worst(net: NetReport) -> Status:
    statuses = {each.status for each in net.comparisons}
    return next((status for status in (ERROR, WARNING, OK) if status in statuses), NOT_RUN)


def _level(comparison: Comparison) -> str:
    if comparison.agreement_db is None:
        return ""
    floor = "" if comparison.floor_db is None else f", at least {comparison.floor_db:.1f} dB"
    return f"{comparison.agreement_db:.1f} dB{floor}"
