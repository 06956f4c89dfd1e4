"""Settings for all tests: one thread a test, and in an environment without torch only what runs without it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import soundfile

from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.report import charts
from tests.sign_split import SignSplit, make_contract, save_graph
from tests.target.recorded_parse import write_recorded_parse

# Small tensors on many threads spend their time waiting for each other: 15 s against 200 s on two busy cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What the tests' compiler did must not reach the user's knowledge files, nor those the tests.
HOME = tempfile.TemporaryDirectory(prefix="tasnet2hef-tests-")
os.environ["TASNET2HEF_HOME"] = HOME.name

_TEST_NUMBERS = itertools.count()

# How long an example takes says something of the machine, not of the code.
too_slow = hypothesis.HealthCheck.too_slow
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[too_slow])
hypothesis.settings.load_profile("untimed")

NEEDS_TORCH = ["model", "train", "guide", "explore", "scripts/demo_network"]
HAS_TORCH = importlib.util.find_spec("torch") is not None

collect_ignore = [] if HAS_TORCH else NEEDS_TORCH


def pytest_report_header() -> str:
    """Say what is left out."""
    return "torch: here" if HAS_TORCH else f"torch: not in this environment, so not collected: {NEEDS_TORCH}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each process begin with its share of the slow modules, and steal quick tests at the end from another.

    pytest-xdist hands out the list in equal pieces, and what is stolen is the end of a piece: a long test there
    would keep one process at work while the others have none left.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow") is not None:
            slow.setdefault(item.path, []).append(item)
    quick = iter([item for item in items if item.get_closest_marker("slow") is None])
    modules = list(slow.values())
    left, pieces = len(items), []
    for number in range(processes):
        piece = [item for module in modules[number::processes] for item in module]
        size = left // (processes - number)
        pieces += [*piece, *itertools.islice(quick, max(0, size - len(piece)))]
        left -= size
    items[:] = [*pieces, *quick]


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a home without knowledge files: which tests ran before it here is left to chance."""
    monkeypatch.setenv("TASNET2HEF_HOME", os.path.join(HOME.name, f"test-{next(_TEST_NUMBERS)}"))


@pytest.fixture(scope="session")
def contract() -> Callable[..., GraphContract]:
    return make_contract


@pytest.fixture(scope="session")
def graph() -> Callable[..., Path]:
    return save_graph


@pytest.fixture(scope="session")
def sign_split() -> type[SignSplit]:
    return SignSplit


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real parse: the graph, and the layers that the compiler made of it."""
    return write_recorded_parse(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def without_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the charts out of report pages: matplotlib takes half a second for each, and no test reads it."""
    monkeypatch.setattr(charts, "can_draw", lambda: False)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A graph of two sources at 8 kHz with windows of 0.1 s."""
    return save_graph(tmp_path / "model.onnx", make_contract())


@pytest.fixture
def wav(tmp_path: Path) -> Callable[..., Path]:
    """Write samples ``[sample]`` or ``[sample, channel]``, noise of 0.5 s by default, and return the path."""

    def write(name: str = "clip.wav", samples: np.ndarray | None = None, rate: int = 8000, **options: Any) -> Path:
        path = tmp_path / name
        noise = 0.1 * np.random.default_rng(0).standard_normal(rate // 2)
        soundfile.write(path, noise if samples is None else samples, rate, **options)
        return path

    return write
