"""The answers of a probe on disk, one a line: each is there before the next case begins."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.probe.cases import PreparedCase
from tasnet2hef.compiler.verdicts import Answer, operators_of
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known.knowledge import FAIL, PASS, Verdict
from tasnet2hef.target.known.knowledge_file import read_verdicts

JOURNAL_NAME: Final = "verdicts.jsonl"
SHAPES_LENGTH: Final = 500


def read_journal(path: Path) -> tuple[Verdict, ...]:
    """Return the answers of earlier probes; a last line that a killed probe left unfinished is removed."""
    if not path.is_file():
        return ()
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        with written_beside(path) as part:
            part.write_bytes(content[: content.rfind(b"\n") + 1])
    return read_verdicts(path, rule_ids())


def append(path: Path, row: Verdict) -> None:
    """Add an answer.

    Raises:
        OptionError: it can't be written.
    """
    try:
        with path.open("a", encoding="utf-8") as journal:
            journal.write(f"{json.dumps(row.to_json())}\n")
            journal.flush()
            os.fsync(journal.fileno())
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); make room, and run again") from error


def verdict_on(prepared: PreparedCase, stage: str, answer: Answer, compiler: str, chip: str, date: str) -> Verdict:
    """Return the row of one answer about a case."""
    case, opened = prepared.case, prepared.open(Path("graph.onnx"))
    return Verdict(
        id=f"probe/{prepared.key}/{stage}",
        source=f"tasnet2hef probe, {date}",
        dfc_version=compiler,
        hw_arch=chip,
        stage=stage,
        outcome=PASS if answer.outcome == PASS else FAIL,
        op=operators_of(opened.model),
        shapes=", ".join(f"{name} {shape}" for name, shape in opened.inputs.items())[:SHAPES_LENGTH],
        params={
            "case": prepared.key,
            "rule": case.rule,
            "operator": case.operator,
            "example": case.example,
            "name": case.graph,
            "last": case.last,
            "predicted": prepared.predicted,
            "tasnet2hef": __version__,
        },
        error=answer.words or None,
        cause=answer.signature or None,
    )
