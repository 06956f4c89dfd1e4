"""Settings for all tests: one thread a test, and in an environment without torch only what runs without it."""

from __future__ import annotations

import importlib.util
import os

# Small tensors on many threads spend their time waiting for each other: 15 s against 200 s on two busy cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

NEEDS_TORCH = ["checkpoint", "network", "training", "distil", "test_export.py", "test_onnx_graph.py"]
HAS_TORCH = importlib.util.find_spec("torch") is not None

collect_ignore = [] if HAS_TORCH else NEEDS_TORCH


def pytest_report_header() -> str:
    """Say what is left out."""
    return "torch: here" if HAS_TORCH else f"torch: not in this environment, so not collected: {NEEDS_TORCH}"
