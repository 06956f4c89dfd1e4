"""Verdicts: what the end of a stage says of a graph, or that it says nothing; kept in the knowledge file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal

import onnx

from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known.knowledge import FAIL, PASS, Verdict
from tasnet2hef.target.known.knowledge_file import Merged, knowledge_path, load_knowledge, merge, save_verdicts

WORDS_LENGTH: Final = 500
_CRASHES: Final = ("killed by SIGSEGV", "killed by SIGABRT", "killed by SIGFPE")
"""Ends that are the compiler's own; SIGILL is the processor's, SIGBUS the disk's, the others come from outside."""
_MACHINE: Final = re.compile(
    r"bad_alloc|Cannot allocate memory|MemoryError|No space left on device|Disk quota exceeded|Out of memory|"
    r"licen[cs]e[^\n]{0,80}(?:expired|invalid|not found|missing|denied|fail|checkout|unavailable)|"
    r"(?:expired|invalid|missing|no valid)[^\n]{0,40}licen[cs]e",
    re.IGNORECASE,
)
_MACHINE_CLASSES: Final = re.compile(
    r"^(?:\w+\.)*(?:OSError|IOError|PermissionError|FileNotFoundError|ConnectionError|ConnectionRefusedError|"
    r"TimeoutError|ImportError|ModuleNotFoundError|MemoryError|BrokenPipeError|InterruptedError)\b"
)
_OURS: Final = re.compile(r"^tasnet2hef\.")
_PATH: Final = re.compile(r"(?:~|[A-Za-z]:)?(?:[/\\][\w.+@~-]+){2,}[/\\]?")


@dataclass(frozen=True)
class Answer:
    """An outcome with the compiler's words; without an outcome, ``why`` says why there is none."""

    outcome: Literal["pass", "fail", ""]
    words: str = ""
    signature: str = ""
    why: str = ""


def answer_of(record: StageRecord, folder: Path) -> Answer:
    """Return what a stage's end says about its graph."""
    if record.done:
        return Answer(PASS)
    if why := _not_the_graph(record, tail(folder / record.log)):
        return Answer("", why=why)
    failure = record.failure
    words = record.ended if record.ended in _CRASHES else (failure.words if failure else "") or record.error
    return Answer(FAIL, without_paths(words), failure.signature if failure else "")


def _not_the_graph(record: StageRecord, log: str) -> str:
    """Return why a failure is no verdict on the graph; empty where it is one."""
    ended, failure = record.ended, record.failure
    if ended != "exited" and not ended.startswith("exit code") and ended not in _CRASHES:
        return ended
    if found := _MACHINE.search(f"{record.error}\n{log}"):
        return f"the machine failed: {without_paths(found[0])}"
    if _OURS.match(record.error):
        return f"the stage could not be given its inputs: {without_paths(record.error)}"
    if _MACHINE_CLASSES.match(record.error) or (failure is not None and failure.machine):
        return f"the machine failed: {without_paths(record.error or ended)}"
    return ""


def without_paths(text: str) -> str:
    """Return text on one line without paths, which could hold names.

    >>> without_paths("can't open /home/jane/model.har: gone")
    "can't open <path>: gone"
    """
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return _PATH.sub("<path>", line)[:WORDS_LENGTH]


def compile_verdict(
    records: Sequence[StageRecord],
    folder: Path,
    model: onnx.ModelProto,
    findings: Sequence[str],
    chip: str,
) -> Verdict | None:
    """Return the row of a run of `compile`: its last stage and the kinds of operators; no words, names or paths.

    None where the run does not end with an answer of the compiler.
    """
    last = next((each for each in reversed(records) if each.stage in ("translate", "optimize", "compile")), None)
    answer = Answer("") if last is None else answer_of(last, folder)
    if last is None or not answer.outcome:
        return None
    params: dict[str, Any] = {
        "operators": _counted(model),
        "findings": sorted(set(findings)),
        "signature": answer.signature,
    }
    version = str(records[0].facts.get("compiler", ""))
    digest = digest_of_bytes(json.dumps([version, chip, last.stage, answer.outcome, params]).encode())
    return Verdict(
        id=f"compile/{digest[:16]}",
        source=f"tasnet2hef compile, {today()}",
        dfc_version=version,
        hw_arch=chip,
        stage=last.stage,
        outcome=PASS if answer.outcome == PASS else FAIL,
        op=operators_of(model),
        params=params,
        cause=answer.signature or None,
    )


def operators_of(model: onnx.ModelProto) -> str:
    """Return the kinds of operators of a graph, with how many there are of each."""
    return ", ".join(f"{count} {name}" for name, count in _counted(model).items())[:WORDS_LENGTH]


def _counted(model: onnx.ModelProto) -> dict[str, int]:
    return dict(sorted(Counter(node.op_type for node in model.graph.node if not node.domain).items()))


def today() -> str:
    """Return the date in UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def remember(rows: Sequence[Verdict]) -> Merged:
    """Add rows of one compiler and chip to their knowledge file; what contradicts it is left out.

    Raises:
        InputError: the file is damaged, or can't be written.
    """
    path = knowledge_path(rows[0].dfc_version, rows[0].hw_arch)
    earlier = load_knowledge(path, rule_ids()).verdicts if path.is_file() else ()
    merged = merge(earlier, rows)
    if merged.added:
        save_verdicts(path, merged.verdicts)
    return merged
