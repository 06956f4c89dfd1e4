"""Preflight: what the compiler is known to refuse, or to pay for, in an ONNX graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract, metadata_of
from tasnet2hef.target.graph.cost import summarise
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.loader import LoadedGraph, graph_of_model, read_as_written, write_out_functions
from tasnet2hef.target.graph.parser import parse
from tasnet2hef.target.known import load_chip
from tasnet2hef.target.resources import ResourceEstimate, estimate_resources
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.discovery import all_rules
from tasnet2hef.target.rules.framework.finding import LEVELS, STAGES, Finding


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one rule that say the same of several layers; the first ones stand for all."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """Return the finding that is shown."""
        return self.findings[0]

    @property
    def count(self) -> int:
        """Return how many findings there are."""
        return len(self.findings)


@dataclass(frozen=True)
class CheckReport:
    """What was found in a graph; `findings` are ordered by level, then by the compiler's layer order."""

    name: str
    findings: tuple[Finding, ...]
    net: HailoNet
    resources: ResourceEstimate

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that stop the compiler."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def exit_code(self) -> int:
        """Return 1 when there is an error among the findings, else 0."""
        return 1 if self.errors else 0

    @cached_property
    def groups(self) -> tuple[FindingGroup, ...]:
        """Return the findings for printing: those of one rule, level and fix together."""
        found: dict[tuple[str, ...], list[Finding]] = {}
        for finding in self.findings:
            key = (finding.rule, finding.level, finding.stage, finding.grade, finding.source, finding.fix)
            found.setdefault(key, []).append(finding)
        return tuple(FindingGroup(tuple(findings)) for findings in found.values())

    def to_json(self) -> dict[str, Any]:
        """Return `{"findings": [...], "cost": {...}}` with every finding on its own."""
        return {"findings": [finding.to_json() for finding in self.findings], "cost": self.resources.to_json()}


def check_file(
    path: str | Path,
    hardware: str = "hailo8",
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    *,
    single_context: bool = False,
) -> CheckReport:
    """Judge an ONNX file for a chip; `single_context` asks for a net that needs no reloads.

    Raises:
        GraphError: the file can't be read as a static ONNX graph.
        OptionError: no such chip.
    """
    file = Path(path)
    model = read_as_written(file)
    graph = graph_of_model(write_out_functions(model, file.name), file, input_shapes)
    return check_model(graph, hardware, model=model, single_context=single_context)


def check_proto(
    model: onnx.ModelProto, hardware: str = "hailo8", name: str = "model.onnx", *, single_context: bool = False
) -> CheckReport:
    """Judge an ONNX model in memory for a chip; see `check_file`."""
    return check_model(graph_of_model(model, Path(name)), hardware, model=model, single_context=single_context)


def check_model(
    graph: LoadedGraph,
    hardware: str = "hailo8",
    *,
    model: onnx.ModelProto | None = None,
    single_context: bool = False,
) -> CheckReport:
    """Judge a loaded graph for a chip; `model` is the file as written, where it is at hand."""
    chip = load_chip(hardware)
    net = parse(graph)
    cost = summarise(net)
    context = RuleContext(graph, net, cost, chip, model, single_context)
    findings = [finding for rule in all_rules() for finding in rule.check(context)]
    resources = estimate_resources(chip, cost, _contract(model, graph.name))
    return CheckReport(graph.name, tuple(ordered(findings, net)), net, resources)


def ordered(findings: Iterable[Finding], net: HailoNet) -> list[Finding]:
    """Return findings by level and stage, then in the order of the net's layers; those of no layer come last."""
    place = {layer.name: position for position, layer in enumerate(net)}

    def key(found: Finding) -> tuple[int, int, int]:
        layer = place.get(found.layer, len(place))
        return LEVELS.index(found.level), STAGES.index(found.stage), layer

    return sorted(findings, key=key)


def _contract(model: onnx.ModelProto | None, name: str) -> GraphContract | None:
    """Return an export's contract; None for a foreign graph, or one whose tasnet2hef metadata is damaged."""
    metadata = {} if model is None else metadata_of(model)
    if METADATA_KEY not in metadata:
        return None
    try:
        return GraphContract.from_metadata(metadata, name)
    except GraphError:
        return None
