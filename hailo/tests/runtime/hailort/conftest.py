"""The stand-in runtime in place of the vendor's, of any version and with any fault."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

STAND_IN = Path(__file__).parent / "stand_in"


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "hailo_platform"]:
        del sys.modules[name]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Return a function that puts the stand-in, set as asked, where the vendor's package would be."""
    monkeypatch.syspath_prepend(str(STAND_IN))

    monkeypatch.setattr("tasnet2hef.runtime.backends.hailort.device.numpy_version", lambda: "1.26.4")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HAILORT_LOGGER_PATH", "HAILORT_CONSOLE_LOGGER_LEVEL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "")  # so that what the product sets ends with the test
        monkeypatch.delenv(name)

    def install(version: str = "4.23.0", **settings: Any) -> ModuleType:
        forget()
        monkeypatch.setenv("STAND_IN_HAILORT", json.dumps({"version": version, **settings}))
        is_set = "HAILORT_LOGGER_PATH" in os.environ
        if not is_set:  # for the import here, which comes before the product's
            monkeypatch.setenv("HAILORT_LOGGER_PATH", "NONE")
        module = importlib.import_module("hailo_platform")
        if not is_set:
            monkeypatch.delenv("HAILORT_LOGGER_PATH")
        return module

    yield install
    forget()
