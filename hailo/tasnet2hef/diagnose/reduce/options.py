"""The options of a reduction."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import nearest
from tasnet2hef.target.failures.tables import compiler_signatures
from tasnet2hef.target.known import DEFAULT_CHIP
from tasnet2hef.target.rules.framework.discovery import all_rules


@dataclass(frozen=True, kw_only=True)
class ReduceOptions:
    """The command or the rule that fails on the graph, how its failure is identified, and how much is tried."""

    check: str = ""
    """Command line, run without a shell; ``{}`` is the graph's path, which is appended where it is absent."""
    rule: str = ""
    signature: str = ""
    match: str = ""
    hardware: str = DEFAULT_CHIP
    """The chip that ``rule`` checks for."""
    input_shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    timeout_seconds: float = 600.0
    max_attempts: int = 200
    repeats: int = 2
    """How often the original and the result are run, to detect a flaky failure."""
    force: bool = False
    """Write into a folder that holds other things."""
    output: Path = Path("reduced")
    scheduler: str = ""
    """Address of the Dask scheduler whose workers try graphs."""
    workers: int = 0
    """Processes of this machine that try graphs; 0, without ``scheduler``: this one."""

    def __post_init__(self) -> None:
        """Refuse options that exclude each other, and unknown names."""
        if bool(self.check) == bool(self.rule):
            chosen = "both" if self.check else "neither"
            raise OptionError(
                f"--check, --rule: found {chosen}, expected one of them: --check 'COMMAND {{}}' or --rule ID"
            )
        if self.rule and (self.match or self.signature):
            raise OptionError(
                "--rule: found with --match or --signature, which read the output of a --check command"
            )
        if self.match and self.signature:
            raise OptionError("--match, --signature: found both, expected one way to identify the failure")
        _expect_known("--rule", self.rule, [rule.id for rule in all_rules()], "tasnet2hef rules")
        _expect_known(
            "--signature", self.signature, [each.id for each in compiler_signatures()], "its name in a report"
        )
        try:
            re.compile(self.match)
        except re.error as error:
            raise OptionError(f"--match {self.match}: not a regular expression ({error}); correct it") from None

    @property
    def wanted(self) -> str:
        """Return the fingerprint that a failure must have; empty: the original's first one."""
        if self.signature:
            return f"signature:{self.signature}"
        return f"match:{self.match}" if self.match else ""


def _expect_known(option: str, wanted: str, known: Collection[str], where: str) -> None:
    if not wanted or wanted in known:
        return
    hint = nearest(wanted, known) or f"expected one of {', '.join(known)}"
    raise OptionError(f"{option}: found {wanted!r}, which is unknown; {hint} (see {where})")
