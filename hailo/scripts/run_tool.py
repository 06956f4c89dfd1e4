"""Runs the command line in a process of its own, and measures it.

The peak memory that the system tells of a process includes what its parent held when it began, so a script that
measures small ones imports nothing large.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TOOL = Path(sys.executable).with_name("tasnet2hef")


@dataclass(frozen=True)
class Measured:
    """One run of the command line: its JSON, wall time and peak memory."""

    report: dict[str, object]
    seconds: float
    peak_gb: float


def run_tool(*arguments: str) -> Measured:
    """Run ``tasnet2hef`` with ``--json`` in a process of its own."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen([str(TOOL), *arguments, "--json"], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise SystemExit(f"{' '.join(arguments)}: {err.read().decode()}")
        return Measured(json.loads(out.read()), seconds, usage.ru_maxrss / 1e6)
