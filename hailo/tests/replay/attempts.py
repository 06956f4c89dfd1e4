"""The three exports that people made before this project, at full size: 2 sources, 16,000 samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.check import CheckReport, check_graph
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.replay import plain_3d, tall_4d, wide

ATTEMPTS: Mapping[str, Callable[[], onnx.ModelProto]] = {
    "plain 3-D": plain_3d.build,
    "tall 4-D": tall_4d.build,
    "wide 4-D": wide.build,
}


@lru_cache(maxsize=3)
def model_of(attempt: str) -> onnx.ModelProto:
    """Return an attempt's export; don't change it."""
    return ATTEMPTS[attempt]()


@lru_cache(maxsize=3)
def report_of(attempt: str) -> CheckReport:
    """Return what `tasnet2hef check --hw hailo8` finds in an attempt."""
    try:
        return check_graph(OpenedGraph(model_of(attempt), Path(f"{attempt}.onnx")), "hailo8")
    except GraphError as error:  # each attempt was a graph that could be read: fail in one line
        raise AssertionError(f"{attempt}: refused as a broken file: {error}") from None


def net_of(attempt: str) -> HailoNet:
    """Return what the compiler's parser makes of an attempt."""
    return report_of(attempt).net


def save(attempt: str, folder: Path) -> Path:
    """Write an attempt as a file without weights; return where it is."""
    file = folder / f"{attempt.replace(' ', '_')}.onnx"
    onnx.save(model_of(attempt), file)
    return file
