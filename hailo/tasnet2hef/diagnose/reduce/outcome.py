"""What a command said of a graph: whether it failed, and the marks by which that failure is known again."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tasnet2hef.target.failures.classify import compiler_failures_in

PASSED: Final = "passed"
EXITED: Final = "exited"
WORDS_LENGTH: Final = 500
_CHECK: Final = re.compile(r"the compiler will refuse it for \S+: ([a-z0-9, -]+)")
_ERROR: Final = re.compile(r"error|exception|fail|abort|assert|infeasible|unsupported|not supported", re.I)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_PATH: Final = re.compile(r"(?<!\w)[\w.~-]*/[\w./~+-]*")
_WORD: Final = re.compile(r"[\w.:/-]+")
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `passed`, `exited` (with another code than 0), `out of time`, `killed by SIGSEGV` ...

    ``marks`` are empty for a run that passed; the first one names the failure. ``words`` are the line of the
    output that says most.
    """

    ended: str
    marks: tuple[str, ...] = ()
    words: str = ""


def outcome_of(ended: str, exit_code: int, text: str, names: Collection[str], match: str = "") -> Outcome:
    """Return what a run's end and output come to; ``names`` are those of the graph, which tell no failures apart.

    A failure is known by ``match`` (a regular expression, where given), by the rules that `tasnet2hef check`
    names, by the recorded signatures of the compiler's failures, and last by its last line that speaks of an
    error, without numbers, paths and names.
    """
    if ended == EXITED and exit_code == 0:
        return Outcome(PASSED)
    spoken = text if ended == EXITED else f"{ended} in the command"
    found: list[tuple[str, str]] = []  # a mark, and the line that it was found in
    if match and (place := re.search(match, text)):
        found.append((f"match:{match}", _line_at(text, place.start())))
    for refusal in _CHECK.finditer(spoken):
        found += [(f"rule:{rule}", _line_at(spoken, refusal.start())) for rule in refusal[1].split(", ")]
    for signature in compiler_failures_in(spoken) or compiler_failures_in(spoken, general=True):
        found.append((f"signature:{signature.id}", _line_at(spoken, (signature.first_match(spoken) or (0, 0))[0])))
    line = _telling_line(spoken)
    found.append((f"line:{normalised(line, names)}" if line else f"exit code:{exit_code}, no output", line))
    return Outcome(ended, tuple(dict.fromkeys(mark for mark, _ in found)), found[0][1][:WORDS_LENGTH])


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


def _telling_line(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return next((line for line in reversed(lines) if _ERROR.search(line)), lines[-1] if lines else "")


def _line_at(text: str, place: int) -> str:
    return text[text.rfind("\n", 0, place) + 1 :].split("\n", 1)[0].strip()
