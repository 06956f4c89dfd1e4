"""The key figures are those of the steps, coloured by how good they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasnet2hef.report.key_figures import key_figures
from tests.report.conftest import Run


def _by_name(run: Run, **changed: dict[str, Any]) -> dict[str, tuple[str, str]]:
    steps = {
        step: replace(saved, result={**saved.result, **changed.get(step, {})})
        for step, saved in run.facts.steps.items()
    }
    return {each.name: (each.value, each.status) for each in key_figures(replace(run.facts, steps=steps))}


def test_they_are_those_of_the_steps(whole_run: Run) -> None:
    figures = _by_name(whole_run)
    resources = whole_run.check.resources
    assert figures["likely contexts"] == (str(resources.likely_contexts), "ok")
    room = f"layers; {resources.chip.single_context_layers} fit one context"
    assert figures[room] == (str(resources.cost.compiled_layers), "ok")
    db = whole_run.simulation.agreement_db.mixed
    assert figures["agreement of 8 bits, simulated, with float"][0].startswith(f"{db:.1f} dB, ")


def test_what_is_bad_is_not_green(whole_run: Run) -> None:
    cost = whole_run.facts.steps["check"].result["cost"]
    several = {**cost, "likely_contexts": 6, "lcus": {**cost["lcus"], "demand": 394}, "compiled_layers": 394}
    broken = {"agreement_db": {"float": None, "int8": -6.7, "mixed": -6.7}}
    figures = _by_name(whole_run, check={"cost": several}, simulate=broken)
    assert figures["likely contexts"] == ("6", "warning")
    assert [status for value, status in figures.values() if value == "394"] == ["warning"]
    assert figures["agreement of 8 bits, simulated, with float"] == ("-6.7 dB, broken", "error")


def test_the_loss_is_told_where_there_are_true_sources(whole_run: Run) -> None:
    figures = _by_name(whole_run, simulate={"si_sdr_db": {"float": 9.0, "int8": 8.0, "mixed": 8.75}})
    assert figures["of SI-SDR lost at 8 bits, simulated"][0] == "0.2 dB"
