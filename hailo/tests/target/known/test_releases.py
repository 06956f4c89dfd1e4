"""The table of releases equals the recorded one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasnet2hef.target.known import chip_names
from tasnet2hef.target.known.evidence import GRADES
from tasnet2hef.target.known.releases import PAIRINGS, format_release, pairing_of, wrong_chip

RECORDED = Path(__file__).parents[5] / "shared/evidence/limits.md"


def _releases(text: str) -> list[str]:
    """Return the releases that a cell names, `5.0-5.2` in full."""
    spans = re.findall(r"(\d+)\.(\d+)-\1\.(\d+)", text)
    releases = [f"{major}.{minor}" for major, low, high in spans for minor in range(int(low), int(high) + 1)]
    return releases or [f"{major}.{minor}" for major, minor in re.findall(r"(\d+)\.(\d+)", text)]


@pytest.mark.skipif(not RECORDED.is_file(), reason=f"the recorded table is not here ({RECORDED})")
def test_it_is_the_recorded_one() -> None:
    section = RECORDED.read_text(encoding="utf-8").split("## 8. Versions")[1].split("\n\n")[1]
    recorded: dict[str, set[str]] = {}
    for line in section.splitlines()[2:]:
        compilers, _, runtimes, *_ = (cell.strip() for cell in line.strip("|").split(" | "))
        first = _releases(compilers)
        second = [each for each in _releases(runtimes) if not each.startswith("3.")]  # `used with 3.27.0 HEFs`
        together = (
            zip(first, second, strict=True)
            if len(first) == len(second)
            else [(a, b) for a in first for b in second]
        )
        for compiler in first:
            recorded.setdefault(compiler, set())
        for compiler, runtime in together:
            recorded[compiler].add(runtime)
    ours = {
        format_release(each.compiler): {format_release(runtime) for runtime in each.runtimes} for each in PAIRINGS
    }
    later = {"3.34": {"4.24"}, "5.4": {"5.4"}}
    """Known since: the suite 2026-07, and the model zoo's README."""
    assert ours == {release: runtimes | later.get(release, set()) for release, runtimes in recorded.items()}


def test_every_row_has_source_grade_and_known_chips() -> None:
    for each in PAIRINGS:
        assert each.evidence.source
        assert each.evidence.grade in GRADES
        assert set(chip_names()) & set(each.hardware)


@pytest.mark.parametrize(
    ("version", "chip", "is_wrong"),
    [
        ("5.3.0", "hailo8", True),
        ("5.4.0", "hailo8l", True),
        ("3.32.0", "hailo10h", True),
        ("3.34.0", "hailo15h", True),
        ("3.31.0", "hailo10h", False),
        ("3.34.0", "hailo8", False),
        ("5.4.0", "hailo15h", False),
        ("9.9.0", "hailo8", False),
        ("0.0.0-stand-in", "hailo8", False),
    ],
)
def test_a_release_compiles_for_its_chips_only(version: str, chip: str, is_wrong: bool) -> None:
    reason = wrong_chip(version, chip)
    assert bool(reason) is is_wrong
    assert not is_wrong or (chip in reason and pairing_of(version).evidence.source in reason)  # type: ignore[union-attr]


def test_releases_are_found_by_version() -> None:
    assert pairing_of("3.33.1") is pairing_of("3.33.0")
    assert pairing_of("") is None
    assert pairing_of("four") is None
