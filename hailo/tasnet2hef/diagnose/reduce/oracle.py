"""Who says whether a graph fails: a command of the user's, or one of our own rules."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.supervise.child import Limits, Watch, run_child
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.base.supervise.processes import memory_bytes
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.diagnose.reduce.outcome import PASSED, Outcome, outcome_of
from tasnet2hef.target.check import check_file
from tasnet2hef.target.rules.framework.finding import LEVELS

PLACE: Final = "{}"
REDUCED_NAME: Final = "reduced.onnx"
"""What every graph is called in what a command said of it."""
_READ_BYTES: Final = 1 << 20


class Oracle(Protocol):
    """Judges graphs; the same graph gets the same answer, or the failure is one that comes and goes."""

    def judge(self, path: Path, log: Path, watch: Watch) -> Outcome:
        """Return what is said of the graph at ``path``; all output goes to ``log``."""


@dataclass(frozen=True)
class RuleOracle:
    """Asks one rule, in this process."""

    rule: str
    hardware: str

    def judge(self, path: Path, log: Path, watch: Watch) -> Outcome:
        """Return the rule's most severe finding; an error is a warning as well."""
        try:
            report = check_file(path, self.hardware)
        except GraphError as error:
            return Outcome("can't be read", ("unreadable",), str(error))
        found = next((finding for finding in report.findings if finding.rule == self.rule), None)
        words = "no finding of this rule" if found is None else f"{found.level} {found.rule}: {found.message}"
        log.write_text(f"{words}\n", encoding="utf-8")
        if found is None:
            return Outcome(PASSED)
        marks = tuple(f"{level}:{self.rule}" for level in LEVELS[LEVELS.index(found.level) :])
        return Outcome("found", marks, words)


@dataclass(frozen=True)
class CommandOracle:
    """Runs a command on a graph, in the folder that the user is in; ``names`` are those of the graph's parts."""

    command: tuple[str, ...]
    names: Collection[str]
    match: str
    timeout_seconds: float
    token: str

    def judge(self, path: Path, log: Path, watch: Watch) -> Outcome:
        """Return how the command ended, and by which marks its failure is known."""
        limits = Limits(self.timeout_seconds, memory_bytes())
        filled = [word.replace(PLACE, str(path)) for word in self.command]
        end = run_child(filled, {}, log, limits, watch, self.token, folder=Path.cwd())
        text = tail(log, _READ_BYTES).replace(str(path), REDUCED_NAME).replace(path.name, REDUCED_NAME)
        return outcome_of(end.ended, end.exit_code, text, self.names, self.match)


def oracle_of(options: ReduceOptions, names: Collection[str], token: str) -> Oracle:
    """Return the oracle that the options ask for; ``token`` marks its processes.

    Raises:
        OptionError: there is no such command.
    """
    if options.rule:
        return RuleOracle(options.rule, options.hardware)
    return CommandOracle(command_of(options.check), names, options.match, options.timeout_seconds, token)


def command_of(text: str) -> tuple[str, ...]:
    """Return a command's words, with a place for the graph.

    >>> command_of("python -m onnx.checker")
    ('python', '-m', 'onnx.checker', '{}')
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OptionError(f"--check {text}: can't be read as a command ({error}); close the quotation") from None
    if not words or shutil.which(words[0]) is None:
        name = words[0] if words else ""
        raise OptionError(
            f"--check: found {name!r}, which is no command here; install it, give its path, or write bash -c '...'"
        )
    return tuple(words if any(PLACE in word for word in words) else [*words, PLACE])
