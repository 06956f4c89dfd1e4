"""Reports of the compile stage, made of its own parts: no compiler was asked."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.compiler.emulator_check import EmulatorResult
from tasnet2hef.compiler.report import CompileReport, HefFacts
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.target.check import CheckReport
from tasnet2hef.target.failures.classify import Situation, explain

WORDS = "BackendAllocatorException: Compilation failed: Agent infeasible"


def failed_run(folder: Path, check: CheckReport) -> CompileReport:
    """Make a run whose compile stage failed with words that are on record."""
    situation = Situation(folder / "small.onnx", folder / "calib.npz", folder / "small.hef", "hailo8")
    failure = explain("compile", WORDS, "", "exited", situation)
    records = (
        StageRecord("translate", "k1", "done", 1.5, "translate.log"),
        StageRecord("compile", "k2", "failed", 62.0, "compile.log", error=WORDS, failure=failure),
    )
    return CompileReport(
        "failed",
        folder,
        63.5,
        check,
        records,
        emulator=(EmulatorResult("native", 61.25),),
        stopped_because="no fallback left",
    )


def done_run(folder: Path, check: CheckReport) -> CompileReport:
    """Make the report of a run that ended well; there is no HEF behind it."""
    hef = HefFacts(folder / "small.hef", "3.33.0", 123_456, "ab" * 32, 2, ())
    return CompileReport(
        "done", folder, 12.0, check, (StageRecord("compile", "k", "done", 12.0, "c.log"),), hef=hef
    )


def run_without_compiler(folder: Path, check: CheckReport) -> CompileReport:
    """Make the report of a run that found no compiler."""
    records = (StageRecord("versions", "k", "failed", 0.1, "v.log"),)
    return CompileReport("not compiled", folder, 0.1, check, records)
