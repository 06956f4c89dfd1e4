"""Every module imports in its environment, its examples hold, and only the torch folders need torch."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import tasnet2hef
from tests.conftest import HAS_TORCH

TORCH_PLACES = ("model", "train", "guide", "explore")


def _modules() -> list[str]:
    return [module.name for module in pkgutil.walk_packages(tasnet2hef.__path__, "tasnet2hef.", onerror=_ignore)]


def _ignore(_name: str) -> None:
    """Packages that need torch are walked into only where it is."""


def _needs_torch(module: str) -> bool:
    return module.split(".")[1] in TORCH_PLACES


@pytest.mark.parametrize("module", [name for name in _modules() if not name.endswith("__main__")])
def test_every_module_imports_and_its_examples_hold(module: str) -> None:
    if _needs_torch(module) and not HAS_TORCH:
        pytest.skip("needs torch, which this environment is without")
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples; python -m doctest shows them"


@pytest.mark.slow
def test_the_rest_leaves_torch_alone() -> None:
    free = [name for name in _modules() if not _needs_torch(name) and not name.endswith("__main__")]
    code = f"import sys\nfor name in {free}: __import__(name)\nassert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    free = [
        importlib.import_module(name) for name in _modules() if not _needs_torch(name) and "__main__" not in name
    ]
    assert sum(bool(each.examples) for module in free for each in finder.find(module)) > 50
