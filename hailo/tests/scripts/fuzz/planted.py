"""Commands that go wrong in one way each, run as the fuzzer runs a case; prints what it found, as JSON.

In a program of its own: a test's process has threads, and a fork of it would have half of them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.fuzz.case import Case
from scripts.fuzz.judge import failures_of
from scripts.fuzz.run_case import Limits, run_case

LIMITS = Limits(cpu_seconds=1, seconds=5.0, memory_bytes=200 << 20)
FOREVER = 600
REFUSAL = "error: given.txt: found x, expected y; give y"


def _say(text: str, code: int = 0, err: str = "") -> int:
    print(text)
    if err:
        print(err, file=sys.stderr)
    return code


def _hang() -> int:
    time.sleep(FOREVER)
    return 0


def _compute() -> int:
    while True:
        pass


def _allocate() -> int:
    return len(bytearray(300 << 20)) * 0


def _abort() -> int:
    os.abort()


def _raise() -> int:
    raise KeyError("planted")


def _write(name: str, code: int, err: str = "") -> int:
    Path(name).write_text("left")
    return _say("", code, err)


def _change() -> int:
    given = Path("given.txt")
    given.unlink()
    given.write_text("other")
    return 0


def _print_escape(code: int) -> int:
    return _say("", code, f"{REFUSAL}\x1b[31m") if code else _say("a name\x1b]0;title\x07")


PLANTED: dict[str, Callable[[], int]] = {
    "done": lambda: _say("a result"),
    "done with a result": lambda: _write("result.txt", 1),
    "refused": lambda: _say("", 2, f"note: one\n{REFUSAL}"),
    "hangs": _hang,
    "computes": _compute,
    "allocates": _allocate,
    "aborts": _abort,
    "raises": _raise,
    "mistake": lambda: _say("", 70, f"{REFUSAL}"),
    "odd code": lambda: _say("", 9),
    "escape on stdout": lambda: _print_escape(0),
    "escape on stderr": lambda: _print_escape(2),
    "two errors": lambda: _say("", 2, f"{REFUSAL}\n{REFUSAL}"),
    "no error": lambda: _say("", 2),
    "a warning of Python": lambda: _say("", 2, f"x.py:1: RuntimeWarning: overflow\n{REFUSAL}"),
    "result and refusal": lambda: _say("a result", 2, REFUSAL),
    "json": lambda: _say('{"a": 1}'),
    "json twice": lambda: _say("{}\n{}"),
    "json NaN": lambda: _say('{"a": NaN}'),
    "json list": lambda: _say("[]"),
    "changes its input": _change,
    "leaves a part": lambda: _write(".result.abc.wav", 0),
    "leaves a file": lambda: _write("result.txt", 2, REFUSAL),
    "leaves a temporary file": lambda: _write(f"{os.environ['TMPDIR']}/left", 0),
}


def main() -> None:
    """Run each and print the sorts of its failures."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, planted) in enumerate(PLANTED.items()):
            words = ("planted", "--json") if name.startswith("json") else ("planted",)
            case = Case({"given.txt": b"given"}, words)

            def command(_: Sequence[str], planted: Callable[[], int] = planted) -> int:
                return planted()

            ending = run_case(case, Path(folder) / str(number), LIMITS, command)
            found[name] = [failure.sort for failure in failures_of(words, ending)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
