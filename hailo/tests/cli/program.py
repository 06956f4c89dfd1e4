"""The command line as a process of its own: with its own streams and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any


def start(*words: str, **options: Any) -> subprocess.Popen[str]:
    """Start ``tasnet2hef``; its output is text in UTF-8."""
    environment = {**os.environ, **options.pop("env", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": heed_signals, **options}
    return subprocess.Popen(
        [sys.executable, "-m", "tasnet2hef", *words], text=True, encoding="utf-8", env=environment, **streams
    )


def heed_signals() -> None:
    """Undo what a shell does to the jobs that it starts in the background, the tests among them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; return exit code, stdout and stderr."""
    out, error = process.communicate(timeout=60)
    return process.returncode, out or "", error or ""
