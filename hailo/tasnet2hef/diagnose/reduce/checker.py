"""Checks whether a graph fails: by a command of the user's, or by one of our own rules."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.base.supervise.child import Limits, Watch, run_child
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.diagnose.reduce.fingerprint import PASSED, RunResult, result_of
from tasnet2hef.diagnose.reduce.options import ReduceOptions
from tasnet2hef.target.check import check_file
from tasnet2hef.target.rules.framework.finding import LEVELS

PLACEHOLDER: Final = "{}"
REDUCED_NAME: Final = "reduced.onnx"
"""Replaces the graph's own name and path in a command's output, which differ from run to run."""
_READ_BYTES: Final = 1 << 20


class Checker(Protocol):
    """Checks graphs; the same graph gets the same result, or the failure is flaky."""

    def run(self, path: Path, log: Path, watch: Watch) -> RunResult:
        """Return the result for the graph at ``path``; all output goes to ``log``."""


@dataclass(frozen=True)
class RuleChecker:
    """Runs one rule, in this process."""

    rule: str
    hardware: str

    def run(self, path: Path, log: Path, watch: Watch) -> RunResult:
        """Return the rule's most severe finding; an error counts as a warning too."""
        try:
            report = check_file(path, self.hardware)
        except GraphError as error:
            return RunResult("can't be read", ("unreadable",), str(error))
        finding = next((each for each in report.findings if each.rule == self.rule), None)
        if finding is None:
            log.write_text("no finding of this rule\n", encoding="utf-8")
            return RunResult(PASSED)
        message = f"{finding.level} {finding.rule}: {finding.message}"
        log.write_text(f"{message}\n", encoding="utf-8")
        fingerprints = tuple(f"{level}:{self.rule}" for level in LEVELS[LEVELS.index(finding.level) :])
        return RunResult("found", fingerprints, message)


@dataclass(frozen=True)
class CommandChecker:
    """Runs a command on a graph, in the user's current folder; ``names`` are those of the graph's parts."""

    command: tuple[str, ...]
    names: Collection[str]
    match: str
    timeout_seconds: float
    token: str

    def run(self, path: Path, log: Path, watch: Watch) -> RunResult:
        """Return how the command ended, and the fingerprints of its failure."""
        limits = Limits(self.timeout_seconds, memory_bytes())
        command = [word.replace(PLACEHOLDER, str(path)) for word in self.command]
        end = run_child(command, {}, log, limits, watch, self.token, folder=Path.cwd())
        text = tail(log, _READ_BYTES).replace(str(path), REDUCED_NAME).replace(path.name, REDUCED_NAME)
        return result_of(end.ended, end.exit_code, text, self.names, self.match)


def make_checker(options: ReduceOptions, names: Collection[str], token: str) -> Checker:
    """Return the checker that the options choose; ``token`` marks its processes.

    Raises:
        OptionError: there is no such command.
    """
    if options.rule:
        return RuleChecker(options.rule, options.hardware)
    return CommandChecker(parse_command(options.check), names, options.match, options.timeout_seconds, token)


def parse_command(text: str) -> tuple[str, ...]:
    """Return a command's words, with a placeholder for the graph.

    >>> parse_command("python -m onnx.checker")
    ('python', '-m', 'onnx.checker', '{}')
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OptionError(f"--check {text}: can't be read as a command ({error}); close the quotation") from None
    if not words:
        raise _no_command("")
    return tuple(words if any(PLACEHOLDER in word for word in words) else [*words, PLACEHOLDER])


def require_command(words: Sequence[str]) -> None:
    """Refuse a command that is not on this machine.

    Raises:
        OptionError: it is not.
    """
    if shutil.which(words[0]) is None:
        raise _no_command(words[0])


def _no_command(name: str) -> OptionError:
    return OptionError(
        f"--check: found {name!r}, which is not a command here; install it, give its path, or write bash -c '...'"
    )
