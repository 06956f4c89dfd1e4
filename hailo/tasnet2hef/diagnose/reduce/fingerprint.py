"""The result of one run of a checker on a graph, and the fingerprints by which two failures are compared."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tasnet2hef.target.failures.classify import compiler_failures_in

PASSED: Final = "passed"
EXITED: Final = "exited"
MESSAGE_LENGTH: Final = 500
_CHECK: Final = re.compile(r"the compiler will refuse it for \S+: ([a-z0-9, -]+)")
_ERROR: Final = re.compile(r"error|exception|fail|abort|assert|infeasible|unsupported|not supported", re.I)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_PATH: Final = re.compile(r"(?<!\w)[\w.~-]*/[\w./~+-]*")
_WORD: Final = re.compile(r"[\w.:/-]+")
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class RunResult:
    """How a run ended: `passed`, `exited` (with a code other than 0), `out of time`, `killed by SIGSEGV` ...

    ``fingerprints`` are empty for a run that passed; the first one identifies the failure. ``message`` is the most
    telling line of the output.
    """

    ended: str
    fingerprints: tuple[str, ...] = ()
    message: str = ""


def result_of(ended: str, exit_code: int, text: str, names: Collection[str], match: str = "") -> RunResult:
    """Return the result of a run by its end and its output; ``names`` of the graph's parts are ignored.

    The fingerprints are, in this order: ``match`` (a regular expression), if there is one and it matches; the
    rules that `tasnet2hef check` names; the recorded signatures of the compiler's failures; and the last line that
    mentions an error, without numbers, paths and names.
    """
    if ended == EXITED and exit_code == 0:
        return RunResult(PASSED)
    output = text if ended == EXITED else f"{ended} in the command"
    matches: list[tuple[str, str]] = []  # a fingerprint, and the line with it
    if match and (place := re.search(match, text)):
        matches.append((f"match:{match}", _line_at(text, place.start())))
    for refusal in _CHECK.finditer(output):
        matches += [(f"rule:{rule}", _line_at(output, refusal.start())) for rule in refusal[1].split(", ")]
    for signature in compiler_failures_in(output):
        matches.append(
            (f"signature:{signature.id}", _line_at(output, (signature.first_match(output) or (0, 0))[0]))
        )
    line = _error_line(output)
    matches.append((f"line:{normalised(line, names)}" if line else f"exit code:{exit_code}, no output", line))
    fingerprints = tuple(dict.fromkeys(fingerprint for fingerprint, _ in matches))
    return RunResult(ended, fingerprints, matches[0][1][:MESSAGE_LENGTH])


def normalised(line: str, names: Collection[str]) -> str:
    """Return a line without what differs between two graphs that fail in the same way.

    >>> normalised("conv_12: 512 x 1999 is too wide for 'out' (/tmp/a.onnx)", {"conv_12"})
    'NAME: # x # is too wide for NAME (PATH)'
    """
    line = _QUOTED.sub("NAME", line)
    line = _WORD.sub(lambda word: _without_name(word[0], names), line)
    return " ".join(_NUMBER.sub("#", _PATH.sub("PATH", line)).split())


def _without_name(word: str, names: Collection[str]) -> str:
    bare = word.rstrip(".:")
    return f"NAME{word[len(bare) :]}" if bare in names else word


def _error_line(text: str) -> str:
    """Return the last line that mentions an error, else the last line that is not empty."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return next((line for line in reversed(lines) if _ERROR.search(line)), lines[-1] if lines else "")


def _line_at(text: str, place: int) -> str:
    return text[text.rfind("\n", 0, place) + 1 :].split("\n", 1)[0].strip()
