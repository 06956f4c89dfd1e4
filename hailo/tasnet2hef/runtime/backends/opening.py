"""Chooses the runtime for a file and opens it: ONNX files on the CPU, HEFs on the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.marks import mark_in
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.segments import open_graph

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph

RuntimeName = Literal["onnxruntime", "hailort"]
SUFFIXES: Final[dict[RuntimeName, str]] = {"onnxruntime": ".onnx", "hailort": ".hef"}


def choose_runtime(path: str | Path, requested: str | None = None) -> tuple[RuntimeName, Path]:
    """Return the runtime and the file that it runs; a requested runtime runs its own file beside ``path``.

    Raises:
        OptionError: there is no such runtime.

    >>> choose_runtime("build/net.hef")[0]
    'hailort'
    >>> choose_runtime("build/net.onnx", "hailort")[1].as_posix()
    'build/net.hef'
    """
    path = Path(path)
    if requested is None:
        return "hailort" if path.suffix == SUFFIXES["hailort"] else "onnxruntime", path
    for name, suffix in SUFFIXES.items():
        if name == requested:
            return name, path.with_suffix(suffix) if path.suffix in SUFFIXES.values() else path
    raise OptionError(f"--backend: found {requested!r}, expected {' or '.join(SUFFIXES)}")


def origin_of(path: str | Path, requested: str | None = None) -> tuple[str, tuple[Path, ...]]:
    """Return what the sources of a graph or HEF are computed by, and the files that it is read from.

    The first names the runtime and what the graph was made from: it stays the same for another export of a net.

    Raises:
        OptionError: there is no such runtime.
        GraphError: it can't be read.
    """
    from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path
    from tasnet2hef.target.graph.opened import OpenedGraph

    name, chosen = choose_runtime(path, requested)
    if name == "onnxruntime":
        graph = OpenedGraph.read(chosen)
        return f"{name} {graph.made_from}", graph.files
    sidecar = sidecar_path(chosen)
    return f"{name} {mark_in(sidecar) or digest_of_file(chosen)}", (chosen, sidecar)


@contextmanager
def opened(
    graph: str | Path | OpenedGraph, requested: str | None = None, threads: int | None = None
) -> Iterator[Backend]:
    """Open a graph, a HEF or all segments or parts of either for running; release the device at the end.

    Raises:
        OptionError: there is no such runtime.
        GraphError: see ``open_graph``; also of a host's part around a HEF.
        DeviceError: see ``HailoRtBackend``.
    """
    path = graph if isinstance(graph, (str, Path)) else graph.path
    name, chosen = choose_runtime(path, requested)
    if name == "onnxruntime":
        yield open_graph(chosen if graph is path else graph, threads)
        return
    from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend

    with HailoRtBackend(chosen, threads=threads) as backend:
        yield backend
