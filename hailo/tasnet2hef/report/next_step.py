"""The one command to run next, from what is known of a graph; it can be pasted where the last command was run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.agreement import BROKEN, verdict_of
from tasnet2hef.base.outcome import DONE, NOT_COMPILED
from tasnet2hef.report.facts import RunFacts

SPEECH: Final = "speech/"
"""Stands for the user's folder of recordings where no file names it."""
MIXTURE: Final = "mixture.wav"
"""Stands for the user's recording where no file names it."""

_OF_NORMS: Final = frozenset({"mean-too-long", "held-map", "norm-by-hand", "too-many-layers"})
"""Rules that a norm over the whole clip breaks, and that constants in its place keep."""


@dataclass(frozen=True)
class NextStep:
    """A command line, or several for a shell, and why it comes next."""

    command: str
    why: str


@dataclass(frozen=True)
class Standing:
    """How far a graph is on its way to the chip; paths as the user types them, empty where there is none.

    ``errors`` are the rules of `check` that the graph breaks, None before a check.
    """

    graph: Path
    hardware: str = ""
    checkpoint: str = ""
    errors: tuple[str, ...] | None = None
    contexts: int = 1
    is_norm_exact: bool = False
    calibration: Path | None = None
    script: Path | None = None
    is_simulated: bool = False
    is_broken: bool = False
    """The simulation at 8 bits was found broken."""
    hef: Path | None = None
    hand_over: tuple[str, ...] = ()
    """The commands that take a bundle to the compiler, and compile it there."""
    failure_commands: tuple[str, ...] = ()


def next_step(at: Standing) -> NextStep:
    """Return the step that brings a graph nearest to the chip."""
    if at.hef is not None:
        return NextStep(_line("separate", at.hef, MIXTURE, "-o", "separated"), "hear it on the device")
    if at.errors is None:
        return NextStep(_line("check", at.graph), "see what the compiler will refuse")
    freezes = at.is_norm_exact and at.checkpoint != ""
    lasting = [rule for rule in at.errors if not (freezes and rule in _OF_NORMS)]
    if lasting:
        return NextStep(_line("rules", lasting[0]), f"what {lasting[0]} is, and its fix")
    if freezes and (at.contexts > 1 or at.errors):
        why = f"constant norms bring {at.contexts} contexts towards 1" if at.contexts > 1 else "norms that stream"
        return NextStep(_line("freeze", at.checkpoint, SPEECH, "-o", "frozen.pth"), why)
    if at.hand_over and not at.is_broken:
        first, *there = at.hand_over
        return NextStep(first, f"then there: {there[0]}" if there else "compile with the vendor's compiler")
    if at.failure_commands:
        return NextStep(at.failure_commands[0], "the fix of this failure")
    if at.calibration is None or at.is_broken:
        calibration = at.graph.with_name(f"{at.graph.stem}.calib.npz")
        why = (
            "other recordings: at 8 bits this net is broken"
            if at.is_broken
            else "real audio decides what 8 bits cost"
        )
        return NextStep(_line("calibrate", at.graph, SPEECH, "-o", calibration), why)
    if not at.is_simulated:
        return NextStep(_line("simulate", at.graph, at.calibration), "see what 8 bits cost")
    script = () if at.script is None else ("--alls", at.script)
    chip = ("--hw", at.hardware) if at.hardware else ()
    return NextStep(
        _line("compile", at.graph, "--calib", at.calibration, *script, *chip), "make the HEF, or the bundle for it"
    )


def standing_of(facts: RunFacts) -> Standing:
    """Return how far a run is; results of an earlier graph do not count."""
    results = {step: facts.result(step) for step in facts.steps if not facts.is_stale(step)}
    check, export, compiled = results.get("check"), results.get("export"), results.get("compile")
    simulated = results.get("simulate")
    graph = facts.graph
    cost: dict[str, Any] = {} if check is None else dict(check["cost"])
    return Standing(
        graph=graph,
        hardware=str(cost.get("hardware", "")),
        checkpoint="" if export is None else _checkpoint(facts.steps["export"].command),
        errors=None if check is None else _errors(check["findings"]),
        contexts=int(cost.get("likely_contexts") or 1),
        is_norm_exact=export is not None and export["norm"] == "exact",
        calibration=_beside(facts, *_sets(facts), f"{graph.stem}.calib.npz", "calib.npz"),
        script=None if simulated is None else Path(str(simulated["alls"])),
        is_simulated=simulated is not None,
        is_broken=simulated is not None and verdict_of(simulated["agreement_db"]["mixed"]) == BROKEN,
        hef=Path(str(compiled["hef"]["path"])) if compiled is not None and compiled["hef"] else None,
        hand_over=_hand_over(compiled),
        failure_commands=_failure_commands(compiled),
    )


def _errors(findings: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each["rule"] for each in findings if each["level"] == "error"))


def _beside(facts: RunFacts, *names: str) -> Path | None:
    """Return the first of ``names`` that lies beside the graph, as the user types it."""
    found = (name for name in names if (facts.folder.parent / name).is_file())
    return next((facts.graph.with_name(name) for name in found), None)


def _sets(facts: RunFacts) -> tuple[str, ...]:
    """Return the names of the calibration sets that the simulation read."""
    digests = facts.steps["simulate"].digests if "simulate" in facts.steps else {}
    return tuple(name for name in digests if name.endswith(".npz"))


def _checkpoint(command: str) -> str:
    """Return the checkpoint of a `convert` command line; empty where there is none."""
    words = shlex.split(command)
    place = words.index("convert") + 1 if "convert" in words else len(words)
    return words[place] if place < len(words) and not words[place].startswith("-") else ""


def _hand_over(compiled: Any) -> tuple[str, ...]:
    at_hand = compiled is not None and compiled["outcome"] == NOT_COMPILED and compiled["hand_over"]
    return tuple(compiled["hand_over"].get("commands", ())) if at_hand else ()


def _failure_commands(compiled: Any) -> tuple[str, ...]:
    if compiled is None or compiled["outcome"] in (DONE, NOT_COMPILED) or not compiled["failure"]:
        return ()
    return tuple(compiled["failure"].get("commands", ()))


def _line(*words: object) -> str:
    return shlex.join(["tasnet2hef", *map(str, words)])
