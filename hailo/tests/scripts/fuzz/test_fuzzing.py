"""The fuzzer: a short run of every kind finds nothing, and what is planted is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.fuzz.case import Kind, all_kinds, draw_case
from scripts.fuzz.fuzzing import Result, Tally, missing_packages
from scripts.fuzz.judge import Failure
from scripts.fuzz.seeds import read_files
from scripts.fuzz.table import BEGIN, END, replace_block

HAILO = Path(__file__).resolve().parents[3]
KINDS = all_kinds()
CASES = 20


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HAILO)}
    return subprocess.run([sys.executable, *words], cwd=HAILO, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_short_run_of_every_kind_finds_nothing(tmp_path: Path) -> None:
    done = _run("-m", "scripts.fuzz", "--number", str(CASES), "--jobs", "2", "--keep", str(tmp_path))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for kind in KINDS.values():
        assert kind.name.replace("_", " ") in done.stdout
    here = sum(not missing_packages(kind) for kind in KINDS.values())
    assert f" {CASES * here} " in done.stdout, "every case is in the table's last row"


@pytest.mark.slow
def test_a_case_is_run_again_by_its_number(tmp_path: Path) -> None:
    kind = KINDS["logs"]
    kind.make_seeds(tmp_path)
    case = draw_case(kind, read_files(tmp_path), seed=1, number=3)
    done = _run("-m", "scripts.fuzz", "--kind", "logs", "--case", "3", "--keep", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stderr
    kept = read_files(tmp_path / "kept/logs-1-3")
    assert kept["FUZZ.command"].decode() == f"tasnet2hef {' '.join(case.arguments)}\n"
    assert {name: content for name, content in kept.items() if not name.startswith("FUZZ.")} == case.files


EXPECTED: Mapping[str, list[str]] = {
    "done": [],
    "done with a result": [],
    "refused": [],
    "hangs": ["time"],
    "computes": ["time"],
    "allocates": ["memory"],
    "aborts": ["signal"],
    "raises": ["traceback"],
    "mistake": ["traceback"],
    "odd code": ["exit code"],
    "escape on stdout": ["escape"],
    "escape on stderr": ["escape"],
    "two errors": ["not one line"],
    "no error": ["not one line"],
    "a warning of Python": ["not one line"],
    "result and refusal": ["not one line"],
    "json": [],
    "json twice": ["json"],
    "json NaN": ["json"],
    "json list": ["json"],
    "changes its input": ["input changed"],
    "leaves a part": ["files left"],
    "leaves a file": ["files left"],
    "leaves a temporary file": ["files left"],
}


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    done = _run("-m", "tests.scripts.fuzz.planted")
    assert done.returncode == 0, done.stderr
    sorts: dict[str, list[str]] = json.loads(done.stdout)
    return sorts


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_planted_is_found(name: str, found: dict[str, list[str]]) -> None:
    assert found[name] == EXPECTED[name]


@pytest.mark.slow
def test_everything_planted_is_expected(found: dict[str, list[str]]) -> None:
    assert found.keys() == EXPECTED.keys()


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.name in ("hef", "har", "logs")])
def test_a_number_stands_for_one_case(kind: Kind, tmp_path: Path) -> None:
    kind.make_seeds(tmp_path)
    seeds = read_files(tmp_path)
    cases = [draw_case(kind, seeds, 1, number) for number in range(20)]
    assert cases == [draw_case(kind, seeds, 1, number) for number in range(20)]
    assert cases != [draw_case(kind, seeds, 2, number) for number in range(20)]
    assert len({tuple(case.files.values()) for case in cases}) > 15


def test_the_page_gets_the_numbers(tmp_path: Path) -> None:
    tally = Tally("logs")
    tally.add(Result(0, ("explain", "log.txt"), 0, ()))
    tally.add(Result(1, ("explain", "log.txt"), 2, ()))
    tally.add(Result(2, ("explain", "log.txt"), None, (Failure("time", "a.py f: "), Failure("escape", "stdout"))))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    replace_block(page, [tally], 7, "abc123")
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "commit abc123, seed 7" in text
    assert "| logs | 3 | 1 | 1 | 1 | time 1, escape 1 |" in text
    assert "| all | 3 | 1 | 1 | 1 |  |" in text
    assert "old" not in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="found no"):
        replace_block(page, [tally], 7, "abc123")
