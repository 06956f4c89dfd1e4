"""A STAND-IN FOR TESTS: the ways in which it fails on demand, with the recorded classes and texts.

``STAND_IN_FAULT`` names a JSON file ``{"stage", "kind", "message", "unless"}``; ``unless`` is a piece of
model script that mends the fault. ``STAND_IN_RELEASE`` names one that describes a release, ``{"version",
"faults"}``: ``faults`` are such faults by a part of a net's name. ``STAND_IN_CALLS`` names a file to which every
call that could fail adds a line.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class BadInputsShape(Exception):
    """As the vendor's; its module is named as recorded."""


class ScriptParserError(Exception):
    """As the vendor's BackendScriptParserException."""


class RecordedError(Exception):
    """Any other recorded failure: its text holds the class's name."""


BadInputsShape.__module__ = "hailo_model_optimization.acceleras.utils.acceleras_exceptions"
ScriptParserError.__module__ = "hailo_sdk_client.sdk_backend.sdk_backend_exceptions"
ScriptParserError.__qualname__ = "BackendScriptParserException"


def release() -> dict[str, Any]:
    """Return the release that this stand-in plays."""
    path = os.environ.get("STAND_IN_RELEASE", "")
    return json.loads(Path(path).read_text(encoding="utf-8")) if path else {}


def strike(stage: str, script: str, net: str = "") -> None:
    """Count the call, and fail if this stage is to fail."""
    if calls := os.environ.get("STAND_IN_CALLS"):
        with open(calls, "a", encoding="utf-8") as opened:
            opened.write(f"{stage}\n")
    for part, fault in release().get("faults", {}).items():
        if part in net and fault["stage"] == stage:
            KINDS[fault["kind"]](fault.get("message", ""))
    path = os.environ.get("STAND_IN_FAULT", "")
    if not path or not Path(path).is_file():
        return
    fault = json.loads(Path(path).read_text(encoding="utf-8"))
    if fault["stage"] != stage or (fault.get("unless") and fault["unless"] in script):
        return
    KINDS[fault["kind"]](fault.get("message", ""))


def _raise(message: str) -> None:
    raise RecordedError(message)


def _log_and_leave(message: str) -> None:
    print(message, flush=True)
    sys.stdout.flush()
    os._exit(3)


def _hang(_message: str) -> None:
    print("[info] Iterations: 12345", flush=True)
    time.sleep(600)


def _hang_with_child(_message: str) -> None:
    """Hang beside a process of its own session, as a tool of the compiler would be."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    _hang("")


def _segfault(_message: str) -> None:
    print("[info] Validating context_0 layer by layer", flush=True)
    ctypes.string_at(0)


def _abort(_message: str) -> None:
    os.abort()


def _disk_full(_message: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.har")


def _hold_memory(_message: str) -> None:
    memory = bytearray(os.urandom(1)) * (400 << 20)
    time.sleep(600)
    print(len(memory))


KINDS = {
    "raise": _raise,
    "log": _log_and_leave,
    "hang": _hang,
    "hang with child": _hang_with_child,
    "segfault": _segfault,
    "abort": _abort,
    "disk full": _disk_full,
    "memory": _hold_memory,
}
