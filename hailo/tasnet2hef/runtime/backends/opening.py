"""Opens whatever is to be run, with the runtime that suits it: ONNX files here, HEFs on the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.segments import open_graph

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph

RuntimeName = Literal["onnxruntime", "hailort"]
SUFFIXES: Final[dict[RuntimeName, str]] = {"onnxruntime": ".onnx", "hailort": ".hef"}


def choose_runtime(path: str | Path, asked: str | None = None) -> tuple[RuntimeName, Path]:
    """Return the runtime and the file that it runs; the one that is asked for takes its own file beside ``path``.

    Raises:
        OptionError: there is no such runtime.

    >>> choose_runtime("build/net.hef")[0]
    'hailort'
    >>> choose_runtime("build/net.onnx", "hailort")[1].as_posix()
    'build/net.hef'
    """
    path = Path(path)
    for name in get_args(RuntimeName):
        if asked == name or (asked is None and path.suffix == SUFFIXES[name] == ".hef"):
            return name, path if path.suffix not in SUFFIXES.values() else path.with_suffix(SUFFIXES[name])
    if asked is not None:
        raise OptionError(f"--backend: found {asked!r}, expected {' or '.join(get_args(RuntimeName))}")
    return "onnxruntime", path


@contextmanager
def opened(
    graph: str | Path | OpenedGraph, asked: str | None = None, threads: int | None = None
) -> Iterator[Backend]:
    """Open a graph, a HEF or all segments of either for running; release the device at the end.

    Raises:
        OptionError: there is no such runtime.
        GraphError: see ``open_graph``.
        DeviceError: see ``HailoRtBackend``.
    """
    path = graph if isinstance(graph, (str, Path)) else graph.path
    name, chosen = choose_runtime(path, asked)
    if name == "onnxruntime":
        yield open_graph(chosen if graph is path else graph, threads)
        return
    from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend

    with HailoRtBackend(chosen) as backend:
        yield backend
