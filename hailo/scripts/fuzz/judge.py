"""Says what was wrong with how a case ended: nothing, where the work was done or refused in one line."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.fuzz.run_case import Ending
from tasnet2hef.cli.exit_codes import BAD_USE, MISTAKE
from tasnet2hef.cli.to_hef import NOT_COMPILED_CODE

DONE: Final = (0, 1, NOT_COMPILED_CODE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_FRAME: Final = re.compile(r'File "[^"]*?([\w-]+/[\w.-]+\.py)", line (\d+), in (\S+)')
_NO_MEMORY: Final = re.compile(r"MemoryError|bad_alloc|[Oo]ut of memory|not enough memory|can't allocate memory")
_BESIDE: Final = re.compile(r"note:|warning:|\S+: [\d,]+ nodes, checked by ")
"""Lines that may stand beside an error: what ``reduce`` announces is the last one."""
_PART: Final = re.compile(r"(^|/)\.[^/]*$|\.(part|tmp|temp)$")


@dataclass(frozen=True)
class Failure:
    """What was wrong: its sort, and the words that tell it from others of the sort."""

    sort: str
    detail: str


def failures_of(arguments: Sequence[str], ending: Ending) -> list[Failure]:
    """Return everything that was wrong with an ending; the most severe first."""
    err = ending.err.decode("utf-8", "replace")
    found = list(_end(ending, err))
    if not found:
        found = list(_words(arguments, ending, err))
    found += [Failure("escape", f"{name}: {said}") for name, said in _escapes(ending)]
    if ending.changed:
        found.append(Failure("input changed", ", ".join(ending.changed)))
    return [*found, *(_left(ending) if ending.exit_code is not None else ())]


def _end(ending: Ending, err: str) -> Iterator[Failure]:
    if ending.overtime:
        yield Failure("time", _last_frame(err))
    elif ending.exit_code is None:
        yield Failure("signal", f"{signal.Signals(ending.signal).name} {_last_line(err)}")
    elif ending.exit_code == MISTAKE or "Traceback (most recent call last)" in err:
        yield Failure("memory" if _NO_MEMORY.search(_last_line(err)) else "traceback", _last_frame(err))
    elif ending.exit_code not in (*DONE, BAD_USE):
        yield Failure("exit code", f"{ending.exit_code} {_last_line(err)}")


def _words(arguments: Sequence[str], ending: Ending, err: str) -> Iterator[Failure]:
    lines = [line for line in err.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    others = [line for line in lines if not line.startswith("error:") and not _BESIDE.match(line)]
    out = ending.out.decode("utf-8", "replace")
    if ending.exit_code == BAD_USE and (len(errors) != 1 or others):
        yield Failure(
            "not one line", f"{len(errors)} errors, {len(others)} other lines: {(others or [''])[0][:150]}"
        )
    if "--json" in arguments and (ending.exit_code in DONE or out.strip()) and not _is_one_object(out):
        yield Failure("json", f"{out.strip()[:80]!r} ... {out.strip()[-80:]!r}")
    if "--json" not in arguments and ending.exit_code == BAD_USE and out.strip():
        yield Failure("not one line", f"also on stdout: {out.strip()[:100]!r}")


def _is_one_object(text: str) -> bool:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        return isinstance(json.loads(text, parse_constant=refuse), dict)
    except (ValueError, RecursionError):
        return False


def _escapes(ending: Ending) -> Iterator[tuple[str, str]]:
    for name, content in (("stdout", ending.out), ("stderr", ending.err)):
        text = content.decode("utf-8", "replace")
        if (match := _CONTROL.search(text)) is not None:
            yield name, repr(text[max(0, match.start() - 40) : match.end() + 10])


def _left(ending: Ending) -> Iterator[Failure]:
    parts = [name for name in ending.new if ending.exit_code not in DONE or _PART.search(name)]
    if parts:
        yield Failure("files left", ", ".join(parts[:5]))
    if ending.temporary:
        yield Failure("files left", f"in the folder for temporary files: {', '.join(ending.temporary[:5])}")


def _last_frame(err: str) -> str:
    """Return the exception and the last place in the traceback, and the last place of ours."""
    frames = _FRAME.findall(err)
    ours = list(re.finditer(r'File "[^"]*/tasnet2hef/([\w/.-]+)", line \d+, in (\S+)', err))
    place = " ".join(ours[-1].groups()) if ours else " ".join(frames[-1]) if frames else ""
    said = [
        line
        for line in err.splitlines()
        if re.match(r"[\w.]+(Error|Exception|Interrupt|Warning|Iteration)\b", line)
    ]
    return f"{place}: {(said or [_last_line(err)])[-1][:160]}"


def _last_line(err: str) -> str:
    lines = [line for line in err.splitlines() if line.strip()]
    said = [line for line in lines if _NO_MEMORY.search(line)]
    return (said or lines or [""])[-1][:160]


def key_of(failure: Failure, command: str) -> str:
    """Return what all failures of one cause have in common, as far as can be told: no names, no numbers."""
    place = failure.detail.partition(": ")[0] if failure.sort in ("traceback", "memory", "time") else ""
    words = re.sub(r"'[^']*'|\"[^\"]*\"|\d+|0x[0-9a-f]+", "_", failure.detail)[:60]
    return " | ".join((failure.sort, place or f"{command} {words}"))


Judge = Callable[[Sequence[str], Ending], list[Failure]]
