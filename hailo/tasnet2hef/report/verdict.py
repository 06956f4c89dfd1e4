"""The one sentence at the top of the page: how far this graph is from running on the chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasnet2hef.base import agreement
from tasnet2hef.base.outcome import DONE, ERROR, NOT_COMPILED, OK, REFUSED, WARNING, Status
from tasnet2hef.base.text import counted
from tasnet2hef.report.facts import RunFacts


@dataclass(frozen=True)
class Verdict:
    """A status, which the page shows as an icon and a colour, and the same in words."""

    status: Status
    headline: str
    sentence: str


def verdict_of(facts: RunFacts) -> Verdict:
    """Return the verdict of the compiler if it ran on this graph, else that of the check and of the simulation."""
    results = {step: facts.result(step) for step in facts.steps if not facts.is_stale(step)}
    compiled, check, simulated = (results.get(step) for step in ("compile", "check", "simulate"))
    if compiled is not None and compiled["outcome"] != NOT_COMPILED:
        return verdict_of_compile(compiled, check)
    if check is None:
        return Verdict(WARNING, "Not checked yet", "Whether the compiler will accept this graph is not known yet.")
    checked = verdict_of_check(check, no_compiler=compiled is not None)
    return checked if simulated is None or checked.status == ERROR else _with_simulation(checked, simulated)


def _with_simulation(checked: Verdict, simulated: Mapping[str, Any]) -> Verdict:
    """Return the verdict on a graph that the compiler should take, with what 8 bits make of it."""
    agreement_db = simulated["agreement_db"]["mixed"]
    verdict = agreement.verdict_of(agreement_db)
    sentence = (
        f"{checked.sentence} At 8 bits, simulated, it agrees with float by {agreement.in_words(agreement_db)}."
    )
    if verdict == agreement.BROKEN:
        return Verdict(ERROR, "Broken at 8 bits", sentence)
    status = WARNING if verdict == agreement.USABLE else checked.status
    return Verdict(status, checked.headline, sentence)


def verdict_of_compile(result: Mapping[str, Any], check: Mapping[str, Any] | None) -> Verdict:
    """Return the verdict of a run of the compiler, from what ``compile --json`` prints; else that of its check."""
    if result["outcome"] == NOT_COMPILED and check is not None:
        return verdict_of_check(check, no_compiler=True)
    if result["outcome"] == DONE:
        hef = result["hef"] or {}
        size = f"{hef['size_bytes']:,} bytes, by compiler {hef['compiler_version']}" if hef else "see below"
        return Verdict(OK, "Compiled", f"The vendor's compiler made a HEF: {size}.")
    if result["outcome"] == REFUSED:
        return Verdict(ERROR, "Not compiled", "The check found errors, so the compiler was not run.")
    failure = result["failure"] or {}
    cause = failure.get("cause", "the cause is not known")
    return Verdict(ERROR, "Not compiled", f"The compiler failed in its stage {result['stage']}: {cause}")


def verdict_of_check(result: Mapping[str, Any], *, no_compiler: bool = False) -> Verdict:
    """Return the verdict of a check, from what ``check --json`` prints."""
    levels = [finding["level"] for finding in result["findings"]]
    chip = result["cost"]["hardware"]
    ending = " No compiler was found where the compile step ran, so no HEF was made." if no_compiler else ""
    so_far = ", not compiled yet" if no_compiler else ""
    contexts = result["cost"]["likely_contexts"]
    needs = f" {counted(contexts, 'context')} likely (inferred)."
    if errors := levels.count("error"):
        rules = dict.fromkeys(each["rule"] for each in result["findings"] if each["level"] == "error")
        return Verdict(
            ERROR,
            f"Will not compile for {chip}",
            f"{counted(errors, 'place')} in the graph that the compiler is recorded to refuse: "
            f"{', '.join(rules)}.{ending}",
        )
    if warnings := levels.count("warning"):
        return Verdict(
            WARNING,
            f"May compile for {chip}{so_far}",
            f"{counted(warnings, 'warning')}, no errors.{needs}{ending}",
        )
    return Verdict(
        WARNING if no_compiler else OK,
        f"Should compile for {chip}{so_far}",
        f"No known obstacle: the check found no errors and no warnings.{needs}{ending}",
    )
