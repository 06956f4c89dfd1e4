"""The stand-in runtime in place of the vendor's, of any version and with any fault."""

from __future__ import annotations

import importlib
import json
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
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Return a function that puts the stand-in, set as asked, where the vendor's package would be."""
    monkeypatch.syspath_prepend(str(STAND_IN))

    def install(version: str = "4.23.0", **settings: Any) -> ModuleType:
        forget()
        monkeypatch.setenv("STAND_IN_HAILORT", json.dumps({"version": version, **settings}))
        return importlib.import_module("hailo_platform")

    yield install
    forget()
