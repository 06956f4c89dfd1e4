"""The one sentence at the top of the page: how far this graph is from running on the chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasnet2hef.report.facts import RunFacts

Kind = Literal["good", "warn", "bad"]


@dataclass(frozen=True)
class Verdict:
    """A kind, which the page shows as an icon and a colour, and words that say the same."""

    kind: Kind
    headline: str
    sentence: str


def verdict_of(facts: RunFacts) -> Verdict:
    """Return what the latest stage that can tell has told."""
    compiled = None if facts.is_stale("compile") else facts.told("compile")
    check = None if facts.is_stale("check") else facts.told("check")
    if compiled is not None and compiled["outcome"] != "not compiled":
        return _of_compile(compiled)
    if check is not None:
        return _of_check(check, tried=compiled is not None)
    return Verdict("warn", "Not checked yet", "Nothing here tells whether the compiler will take this graph.")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "warning"), counted(2, "layer")
    ('1 warning', '2 layers')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _of_compile(told: Mapping[str, Any]) -> Verdict:
    if told["outcome"] == "done":
        hef = told["hef"] or {}
        size = f"{hef['size_bytes']:,} bytes, by compiler {hef['compiler_version']}" if hef else "see below"
        return Verdict("good", "Compiled", f"The vendor's compiler made a HEF: {size}.")
    if told["outcome"] == "refused":
        return Verdict("bad", "Not compiled", "The check found errors, so the compiler was not asked.")
    failure = told["failure"] or {}
    cause = failure.get("cause", "the cause is not known")
    return Verdict("bad", "Not compiled", f"The compiler failed in its stage {told['stage']}: {cause}")


def _of_check(told: Mapping[str, Any], *, tried: bool) -> Verdict:
    levels = [finding["level"] for finding in told["findings"]]
    chip = told["cost"]["hardware"]
    ending = " No compiler was found where the compile stage ran, so no HEF was made." if tried else ""
    contexts = told["cost"]["likely_contexts"]
    needs = f" {counted(contexts, 'context')} likely (inferred)."
    if errors := levels.count("error"):
        rules = dict.fromkeys(each["rule"] for each in told["findings"] if each["level"] == "error")
        return Verdict(
            "bad",
            f"Will not compile for {chip}",
            f"{counted(errors, 'place')} in the graph that the compiler is recorded to refuse: "
            f"{', '.join(rules)}.{ending}",
        )
    if warnings := levels.count("warning"):
        return Verdict(
            "warn",
            f"May compile for {chip}",
            f"{counted(warnings, 'warning')}, no errors.{needs}{ending}",
        )
    return Verdict(
        "good", f"Nothing known stops {chip}", f"The check found no errors and no warnings.{needs}{ending}"
    )
