"""The gates: each takes a stage's report and returns the step with its verdict, and at `broken` the one fix."""

from __future__ import annotations

import math

from tasnet2hef.base.agreement import (
    BROKEN,
    GOOD,
    USABLE,
    expected_loss_db,
    in_words,
    verdict_of_loss,
    worst_of,
)
from tasnet2hef.base.outcome import DONE, NOT_COMPILED
from tasnet2hef.base.text import counted
from tasnet2hef.compiler.emulator_check import first_disagreeing
from tasnet2hef.compiler.hand_over import as_typed
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.guide.decisions import Decision
from tasnet2hef.guide.report import StepReport
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.target.check import CheckReport
from tasnet2hef.train.norm_report import LEAST_IMPROVEMENT_DB, NormReport


def speech_gate(gained_db: float, found: str, fix: str, *, any_data: bool) -> StepReport:
    """Judge speech by what the original makes of it: where it separates nothing, nothing can be judged."""
    figure = f"{found}; the original improves held-out mixtures by {gained_db:.1f} dB SI-SDR"
    if gained_db >= LEAST_IMPROVEMENT_DB:
        return StepReport("speech", figure)
    reason = f"{figure}, expected at least {LEAST_IMPROVEMENT_DB:.0f} dB: they are not like those of its training"
    return StepReport("speech", reason, USABLE if any_data else BROKEN, "" if any_data else fix)


def norm_gate(decision: Decision, report: NormReport, fix: str, offer: str = "") -> StepReport:
    """Judge replaced norms by the SI-SDR that they cost on held-out mixtures; ``offer``: what would cost less."""
    lost_db = report.lost_db
    if report.has_sources:
        figure = report.headline.removeprefix("SI-SDR improvement on held-out mixtures: ")
    else:
        figure = f"{report.headline}, which costs a net of 10 dB about {lost_db:.1f} dB"
    verdict = verdict_of_loss(lost_db)
    if not report.is_evidence:
        verdict = worst_of(verdict, USABLE)
        figure += f"; {report.warning}"
    return StepReport(
        "norms",
        f"{decision.reason}: {figure}{f'; {offer}' if offer else ''}",
        verdict,
        fix if verdict == BROKEN else "",
        files=(report.path,),
        notes=report.notes,
        lost_db=_finite(lost_db),
    )


def check_gate(report: CheckReport, fix: str) -> StepReport:
    """Judge a graph by what the compiler is known to refuse, and by its contexts."""
    contexts = report.resources.likely_contexts
    reason = f"{report.verdict}, {counted(contexts, 'context')} likely on {report.resources.chip.name}"
    if report.errors:
        first = report.errors[0]
        return StepReport("check", f"{reason}; {first.rule}: {first.message}", BROKEN, fix)
    if contexts > 1:
        return StepReport("check", f"{reason}: weights are loaded anew for every window", USABLE)
    warnings = any(finding.level == "warning" for finding in report.findings)
    return StepReport("check", reason, USABLE if warnings else GOOD)


def lost_at_8_bits_db(report: SimulationReport) -> float:
    """Return the SI-SDR that the recommended precisions cost: measured, or expected from the agreement."""
    exact, mixed, agreement_db = report.si_sdr_db.exact, report.si_sdr_db.mixed, report.agreement_db.mixed
    if exact is not None and mixed is not None:
        return exact - mixed
    return math.inf if agreement_db is None else expected_loss_db(agreement_db)


def simulation_gate(report: SimulationReport, decision: Decision, fix: str) -> StepReport:
    """Judge 8 bits by their agreement with float, and by the SI-SDR that they cost."""
    lost_db = lost_at_8_bits_db(report)
    verdict = worst_of(report.verdict, verdict_of_loss(lost_db))
    agreement_db = report.agreement_db.mixed
    agreement = "no agreement" if agreement_db is None else f"agreement with float {in_words(agreement_db)}"
    exact, mixed = report.si_sdr_db.exact, report.si_sdr_db.mixed
    if exact is None or mixed is None:
        cost = f"8 bits are expected to lose {lost_db:.2f} dB"
    else:
        cost = f"at 8 bits {exact:.2f} dB SI-SDR become {mixed:.2f} dB"
    reason = f"{cost}, {agreement}; {decision.reason}"
    if report.sixteen_bit:
        reason += f"; {counted(len(report.sixteen_bit), 'layer')} in 16 bits"
    elif report.search is not None:
        reason += ": no layer needs 16 bits"
    notes = (*report.notes, *((report.warning,) if report.warning else ()))
    return StepReport(
        "simulate",
        reason,
        verdict,
        fix if verdict == BROKEN else "",
        files=(report.alls, *report.plots),
        notes=notes,
        lost_db=_finite(lost_db),
    )


def compile_gate(report: CompileReport, again: str) -> StepReport:
    """Judge what the compiler made; ``again`` is the command that resumes, where no better one is known."""
    if report.outcome == DONE and report.hef is not None:
        files = (report.hef.path,)
        contexts = "" if report.hef.contexts is None else f", {counted(report.hef.contexts, 'context')}"
        made = f"{report.hef.path}, {report.hef.size_bytes:,} bytes{contexts}"
        reason = f"{made}, by compiler {report.hef.compiler_version}"
        disagreeing = first_disagreeing(report.emulator)
        if disagreeing is None:
            return StepReport("compile", reason, files=files, notes=report.notes)
        reason += f"; the compiler's emulator disagrees with the graph in its mode {disagreeing.mode}"
        return StepReport("compile", reason, BROKEN, again, files=files, notes=report.notes)
    if report.outcome == NOT_COMPILED and report.hand_over is not None:
        reason = f"{report.stopped_because}; all that it needs is in {as_typed(report.hand_over.bundle)}"
        files = (report.hand_over.bundle,)
        return StepReport("compile", reason, USABLE, outcome=NOT_COMPILED, files=files, notes=report.notes)
    failure, stage = report.failure, "check" if report.last is None else report.last.stage
    reason = f"{stage} failed; {report.stopped_because}" if failure is None else f"{stage} failed: {failure.cause}"
    commands = () if failure is None else tuple(failure.commands)
    return StepReport(
        "compile", reason, BROKEN, commands[0] if commands else again, report.outcome, notes=report.notes
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
