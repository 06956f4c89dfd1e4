"""What a run came to, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.compiler.emulator_check import Step, first_broken
from tasnet2hef.compiler.fallbacks import Rung
from tasnet2hef.compiler.hand_over import HandOver
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.target.check import CheckReport
from tasnet2hef.target.files.file_summary import FileSummary
from tasnet2hef.target.graph.agreement import Agreement

DONE: Final = "done"
FAILED: Final = "failed"
REFUSED: Final = "refused"
NO_COMPILER: Final = "no compiler"


@dataclass(frozen=True)
class HefFacts:
    """A made HEF: its size, its contexts (None where nothing tells them), its ends as the HN names them."""

    path: Path
    compiler: str
    """The compiler's version, in its own words."""
    size_bytes: int
    sha256: str
    contexts: int | None
    ends: tuple[dict[str, Any], ...]
    """Inputs and outputs: kind, name, NHWC shape, ONNX names."""
    stored: FileSummary | None = None
    """What the HEF says of itself, scales included; None where it can't be read."""
    unread: str = ""
    """Why it can't be read; the run is none the worse for it."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        facts = {
            "compiler_version": self.compiler,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "contexts": self.contexts,
        }
        stored = None if self.stored is None else self.stored.to_json()
        return {"path": str(self.path), **facts, "ends": list(self.ends), "stored": stored, "unread": self.unread}


@dataclass(frozen=True)
class CompileReport:
    """A run. ``outcome`` is `done`, `failed`, `refused` (by `check`) or `no compiler`.

    ``tried`` are the ladder's rungs so far, ``next_step`` the one left for a person.
    """

    outcome: str
    folder: Path
    seconds: float
    check: CheckReport
    records: tuple[StageRecord, ...] = ()
    agreement: Agreement | None = None
    steps: tuple[Step, ...] = ()
    tried: tuple[Rung, ...] = ()
    next_step: Rung | None = None
    stopped_because: str = ""
    hef: HefFacts | None = None
    hand_over: HandOver | None = None
    notes: tuple[str, ...] = ()

    @property
    def last(self) -> StageRecord | None:
        """Return the stage that decided the run."""
        return self.records[-1] if self.records else None

    @property
    def failure(self) -> dict[str, Any] | None:
        """Return what the deciding failure means; None for a run that did not fail in a stage."""
        failed = self.outcome in (FAILED, NO_COMPILER) and self.last is not None
        return (self.last.failure or None) if failed and self.last else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, those of the whole run first."""
        broken = first_broken(self.steps)
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
            "failure": self.failure,
            "folder": str(self.folder),
            "stages": [record.to_json() for record in self.records],
            "findings": [finding.to_json() for finding in self.check.findings],
            "agreement": None if self.agreement is None else _counts(self.agreement),
            "emulator": [step.to_json() for step in self.steps],
            "first_broken": None if broken is None else broken.name,
            "tried": [rung.id for rung in self.tried],
            "next_step": None if self.next_step is None else self.next_step.to_json(),
            "stopped_because": self.stopped_because,
            "hef": None if self.hef is None else self.hef.to_json(),
            "hand_over": None if self.hand_over is None else self.hand_over.to_json(),
            "notes": list(self.notes),
        }


def _counts(found: Agreement) -> dict[str, Any]:
    counts = {"agreeing": found.layers.agreeing, "total": found.layers.total}
    return {"complete": found.complete, **counts, "differences": len(found.differences)}
