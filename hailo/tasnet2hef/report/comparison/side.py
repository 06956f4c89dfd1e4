"""One of the two runs that are compared: a graph, its check, and the facts in its report folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.report.check_facts import check_facts
from tasnet2hef.report.facts import FOLDER_SUFFIX, RunFacts, find_report_folders, read_facts
from tasnet2hef.runtime.backends.segment_names import segment_of
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph


@dataclass(frozen=True)
class NodeForm:
    """An ONNX node in comparable form; ``weights`` are digests of its constants."""

    operator: str
    inputs: tuple[str, ...]
    attributes: tuple[str, ...]
    weights: tuple[str, ...]

    def differences(self, other: NodeForm) -> tuple[str, ...]:
        """Return the names of the fields that differ."""
        names = ("operator", "inputs", "attributes", "weights")
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


@dataclass(frozen=True)
class Side:
    """A run: ``check`` as `check_facts` returns it; ``facts`` of the same graph, if any."""

    name: str
    check: Mapping[str, Any]
    nodes: Mapping[str, NodeForm] | None
    facts: RunFacts | None

    def result(self, step: str) -> Mapping[str, Any]:
        """Return a step's result for this graph; empty if it has not run, or ran on an earlier graph."""
        if self.facts is None or self.facts.is_stale(step):
            return {}
        return self.facts.result(step) or {}


def read_side(path: Path, hardware: str) -> Side:
    """Read an ONNX file, or the one run of a folder.

    Raises:
        OptionError: there is none, or more than one.
        GraphError: the graph can't be read.
    """
    if not path.exists():
        raise OptionError(f"{path}: no such file or folder; give an ONNX file, or a folder with one")
    graph = path if path.is_file() else _graph_of(path)
    folders = find_report_folders(path if graph is None else graph)
    facts = read_facts(folders[0]) if folders else None
    if graph is None:
        return _side_of_facts(path, facts)
    opened = OpenedGraph.read(graph)
    if facts is not None and facts.graph_digest != opened.digest:
        facts = None  # of an earlier graph
    return Side(str(graph), check_facts(check_graph(opened, hardware)), _nodes(opened), facts)


def _graph_of(folder: Path) -> Path | None:
    """Return the one graph of a folder, or that of a report folder; None if there are only facts."""
    if folder.name.endswith(FOLDER_SUFFIX):
        beside = folder.with_name(f"{folder.name.removesuffix(FOLDER_SUFFIX)}.onnx")
        return beside if beside.is_file() else None
    graphs = sorted(path for path in folder.glob("*.onnx") if not segment_of(path))
    if len(graphs) > 1:
        names = ", ".join(path.name for path in graphs)
        raise OptionError(
            f"{folder}: found {len(graphs)} graphs ({names}), expected one; give the ONNX file itself"
        )
    if not graphs and len(find_report_folders(folder)) != 1:
        raise OptionError(f"{folder}: found no ONNX file and no single report, expected one; give an ONNX file")
    return graphs[0] if graphs else None


def _side_of_facts(path: Path, facts: RunFacts | None) -> Side:
    check = None if facts is None else facts.result("check")
    if check is None:
        raise OptionError(f"{path}: found no graph and no check on record, expected one; give the ONNX file")
    return Side(str(path), check, None, facts)


def _nodes(graph: OpenedGraph) -> dict[str, NodeForm]:
    """Return a graph's nodes by name; a node without a name is named by its first output."""
    model = graph.with_weights()
    constants = {each.name: _digest(each) for each in model.graph.initializer}
    return {node.name or "".join(node.output[:1]): _form(node, constants) for node in model.graph.node}


def _form(node: onnx.NodeProto, constants: Mapping[str, str]) -> NodeForm:
    return NodeForm(
        operator=f"{node.domain}.{node.op_type}" if node.domain else node.op_type,
        inputs=tuple(name for name in node.input if name not in constants),
        attributes=tuple(sorted(str(onnx.helper.printable_attribute(each)) for each in node.attribute)),
        weights=tuple(constants[name] for name in node.input if name in constants),
    )


def _digest(tensor: onnx.TensorProto) -> str:
    values = onnx.numpy_helper.to_array(tensor)
    return hashlib.sha256(f"{values.dtype}{values.shape}".encode() + values.tobytes()).hexdigest()
