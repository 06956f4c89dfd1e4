"""The few numbers that decide: how many contexts and layers, how exact the export is, what 8 bits cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasnet2hef.base.agreement import STATUS, verdict_of
from tasnet2hef.base.outcome import OK, WARNING, Status
from tasnet2hef.report.facts import RunFacts


@dataclass(frozen=True)
class KeyFigure:
    """A number with its unit, what it is, and how good it is."""

    value: str
    name: str
    status: Status


def key_figures(facts: RunFacts) -> tuple[KeyFigure, ...]:
    """Return the key figures of the steps that ran on the latest graph."""
    return tuple(_figures(facts))


def _figures(facts: RunFacts) -> Iterator[KeyFigure]:
    fresh = {step: facts.steps[step].result for step in facts.steps if not facts.is_stale(step)}
    if "check" in fresh:
        cost = fresh["check"]["cost"]
        contexts = cost["likely_contexts"]
        yield KeyFigure(f"{contexts}", "likely contexts", OK if contexts == 1 else WARNING)
        fits = cost["lcus"]["demand"] <= cost["lcus"]["single_context"]
        room = f"layers; {cost['lcus']['single_context']} fit one context"
        yield KeyFigure(f"{cost['compiled_layers']}", room, OK if fits else WARNING)
    if "export" in fresh:
        worst = min(row["db"] for row in fresh["export"]["parity"])
        yield KeyFigure(f"{worst:.0f} dB", "parity of the export", OK)
    if "simulate" in fresh:
        yield from _eight_bits(fresh["simulate"])


def _eight_bits(simulated: Mapping[str, Any]) -> Iterator[KeyFigure]:
    """Return agreement with float, and the loss of SI-SDR where there are true sources."""
    agreement = simulated["agreement_db"]["mixed"]
    verdict = verdict_of(agreement)
    status = STATUS[verdict]
    yield KeyFigure(f"{agreement:.1f} dB, {verdict}", "agreement of 8 bits, simulated, with float", status)
    whole = simulated["si_sdr_db"]["float"] is not None
    scores = simulated["si_sdr_db" if whole else "window_si_sdr_db"]
    if scores["float"] is not None:
        yield KeyFigure(
            f"{scores['float'] - scores['mixed']:.1f} dB", "of SI-SDR lost at 8 bits, simulated", status
        )
