"""Ctrl-C in the middle of what has to be ended first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tasnet2hef.base.workers.interrupts import interrupts_held

BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def _is_blocked_in_a_process() -> bool:
    return subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True).stdout == "True\n"


def _interrupted(done: list[str]) -> None:
    with interrupts_held():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("all")


def test_ctrl_c_is_heard_when_all_is_done() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(done)
    assert done == ["all"]


def test_processes_that_are_started_meanwhile_never_get_it() -> None:
    with interrupts_held():
        assert _is_blocked_in_a_process()
    assert not _is_blocked_in_a_process()


def test_an_error_passes() -> None:
    with pytest.raises(ValueError, match="no"), interrupts_held():
        raise ValueError("no")
