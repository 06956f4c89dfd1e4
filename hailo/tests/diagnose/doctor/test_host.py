"""Whether a bundle can be compiled on a machine, asked before anything is installed there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.outcome import ERROR, OK, WARNING
from tasnet2hef.diagnose.doctor import host
from tests.diagnose.doctor.machines import machine

HOME = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("changes", "python", "what", "status"),
    [
        ({}, (3, 10), "processor", OK),
        ({"processor_flags": frozenset({"sse4_2"})}, (3, 10), "processor", ERROR),
        ({"processor": "aarch64"}, (3, 10), "processor", ERROR),
        ({"memory_bytes": 12_000_000_000}, (3, 10), "memory", WARNING),
        ({"memory_bytes": 7_000_000_000}, (3, 10), "memory", ERROR),
        ({"free_disk_bytes": 3_000_000_000}, (3, 10), "disk", WARNING),
        ({}, (3, 12), "Python", OK),
        ({}, (3, 9), "Python", ERROR),
        ({}, (3, 13), "Python", ERROR),
    ],
)
def test_what_stops_a_compile(changes: dict[str, Any], python: tuple[int, int], what: str, status: str) -> None:
    found = {each.what: each for each in host.examine(machine(**changes), python)}
    assert list(found) == ["system", "Python", "processor", "memory", "disk"]
    assert found[what].status == status
    assert [each.status for each in found.values() if each.what != what] == [OK] * 4


def test_another_system_is_told_of_the_dockerfile() -> None:
    systems = {
        "Ubuntu 22.04.4 LTS": "",
        "Debian GNU/Linux 12": "if the compiler fails, use the Dockerfile (Ubuntu 22.04)",
    }
    for system, advice in systems.items():
        assert next(host.examine(machine(system=system), (3, 10))).advice == advice


def test_it_needs_the_standard_library_only() -> None:
    """``-S``: without site-packages, as in a Python that was just installed."""
    start = f"import sys; sys.path.insert(0, {str(HOME)!r})"
    code = f"{start}; from tasnet2hef.diagnose.doctor.host import main; main(['/'])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        *("system", "Python", "processor", "memory", "disk")
    ]
