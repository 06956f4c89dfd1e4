"""The report of a run, and its JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.outcome import FAILED, NOT_COMPILED, Outcome
from tasnet2hef.compiler.emulator_check import EmulatorResult, first_disagreeing
from tasnet2hef.compiler.fallbacks import Fallback
from tasnet2hef.compiler.hand_over import HandOver
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.target.check import CheckReport
from tasnet2hef.target.failures.classify import Explanation
from tasnet2hef.target.files.file_summary import FileSummary
from tasnet2hef.target.graph.agreement import Agreement


@dataclass(frozen=True)
class HefFacts:
    """A compiled HEF: size, contexts (None where not known), inputs and outputs as the HN names them."""

    path: Path
    compiler_version: str
    """As the compiler spells it."""
    size_bytes: int
    sha256: str
    contexts: int | None
    ends: tuple[dict[str, Any], ...]
    """Inputs and outputs: kind, name, NHWC shape, ONNX names."""
    stored: FileSummary | None = None
    """The HEF's own metadata, scales included; None where it can't be read."""
    unread: str = ""
    """Why it can't be read; the run still counts as done."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        facts = {
            "compiler_version": self.compiler_version,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "contexts": self.contexts,
        }
        stored = None if self.stored is None else self.stored.to_json()
        return {"path": str(self.path), **facts, "ends": list(self.ends), "stored": stored, "unread": self.unread}


@dataclass(frozen=True)
class CompileReport:
    """A run, and how it ended.

    ``tried`` are the settings tried so far, ``next_fallback`` the next one, which is manual.
    """

    outcome: Outcome
    folder: Path
    seconds: float
    check: CheckReport
    records: tuple[StageRecord, ...] = ()
    agreement: Agreement | None = None
    emulator: tuple[EmulatorResult, ...] = ()
    tried: tuple[Fallback, ...] = ()
    next_fallback: Fallback | None = None
    stopped_because: str = ""
    hef: HefFacts | None = None
    hand_over: HandOver | None = None
    notes: tuple[str, ...] = ()

    @property
    def last(self) -> StageRecord | None:
        """Return the stage that decided the run."""
        return self.records[-1] if self.records else None

    @property
    def failure(self) -> Explanation | None:
        """Return the explanation of the deciding failure; None for a run that did not fail in a stage."""
        failed = self.outcome in (FAILED, NOT_COMPILED) and self.last is not None
        return self.last.failure if failed and self.last else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, those of the whole run first."""
        disagreeing = first_disagreeing(self.emulator)
        artefacts = {
            f"{record.stage}.{kind}": str(record.path(self.folder, kind))
            for record in self.records
            for kind in record.files
        }
        return {
            "stage": "check" if self.last is None else self.last.stage,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 3),
            "artefacts": artefacts | ({"hef": str(self.hef.path)} if self.hef else {}),
            "failure": None if self.failure is None else self.failure.to_json(),
            "folder": str(self.folder),
            "stages": [record.to_json() for record in self.records],
            "findings": [finding.to_json() for finding in self.check.findings],
            "agreement": None if self.agreement is None else _counts(self.agreement),
            "emulator": [result.to_json() for result in self.emulator],
            "first_disagreeing": None if disagreeing is None else disagreeing.mode,
            "tried": [fallback.id for fallback in self.tried],
            "next_fallback": None if self.next_fallback is None else self.next_fallback.to_json(),
            "stopped_because": self.stopped_because,
            "hef": None if self.hef is None else self.hef.to_json(),
            "hand_over": None if self.hand_over is None else self.hand_over.to_json(),
            "notes": list(self.notes),
        }


def _counts(agreement: Agreement) -> dict[str, Any]:
    counts = {"agreeing": agreement.layers.agreeing, "total": agreement.layers.total}
    return {"complete": agreement.complete, **counts, "differences": len(agreement.differences)}
