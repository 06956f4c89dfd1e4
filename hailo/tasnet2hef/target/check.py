"""Preflight check of an ONNX graph: what the compiler is known to refuse, and what the graph costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.knowledge import known_of
from tasnet2hef.target.known import DEFAULT_CHIP, Chip, load_chip
from tasnet2hef.target.known.installed import installed_compiler
from tasnet2hef.target.known.knowledge import NOTHING_KNOWN, Knowledge
from tasnet2hef.target.known.releases import wrong_chip
from tasnet2hef.target.resources import ResourceEstimate, estimate_resources
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.discovery import all_rules
from tasnet2hef.target.rules.framework.finding import LEVELS, STAGES, Finding


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one rule that differ only in their place and message; the first is shown for all."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """Return the finding that is shown."""
        return self.findings[0]

    @property
    def count(self) -> int:
        """Return how many findings there are."""
        return len(self.findings)

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the layers of all findings, each once."""
        return tuple(dict.fromkeys(finding.layer for finding in self.findings if finding.layer))

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return the ONNX nodes of all findings, each once."""
        return tuple(dict.fromkeys(node for finding in self.findings for node in finding.nodes))


@dataclass(frozen=True)
class CheckReport:
    """The result of a check; `findings` are ordered by level, then by the compiler's layer order."""

    name: str
    findings: tuple[Finding, ...]
    net: HailoNet
    resources: ResourceEstimate
    compiler: str = ""
    """The version that the check was for; empty for none in particular."""
    knowledge: Knowledge = NOTHING_KNOWN
    notes: tuple[str, ...] = ()

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
        """Return the findings for printing, see `group_findings`."""
        return group_findings(self.findings)

    @property
    def verdict(self) -> str:
        """Return the number of errors and warnings in words."""
        return count_in_words([finding.level for finding in self.findings])

    def to_json(self) -> dict[str, Any]:
        """Return every finding, the cost, the compiler that was asked for, and what a probe of it recorded."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "cost": self.resources.to_json(),
            "compiler": self.compiler,
            "knowledge": self.knowledge.to_json() if self.knowledge else None,
            "notes": list(self.notes),
        }


def check_file(
    path: str | Path,
    hardware: str = DEFAULT_CHIP,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    *,
    single_context: bool = False,
) -> CheckReport:
    """Check an ONNX file; see `check_graph`.

    Raises:
        GraphError: the file can't be read as a static ONNX graph.
        OptionError: no such chip.
    """
    return check_graph(OpenedGraph.read(path, input_shapes), hardware, single_context=single_context)


def check_graph(
    graph: OpenedGraph,
    hardware: str = DEFAULT_CHIP,
    *,
    single_context: bool = False,
    compiler: str = "",
    knowledge: Knowledge = NOTHING_KNOWN,
) -> CheckReport:
    """Check a graph for a chip; with `single_context`, a net that needs several contexts is an error.

    `compiler` is a version of the compiler: findings that no record of its release supports say so. `knowledge` is
    what a probe recorded of it.

    Raises:
        GraphError: it is no static ONNX graph.
        OptionError: no such chip.
    """
    loaded = graph.loaded
    chip, net = load_chip(hardware), graph.net
    context = RuleContext(loaded, net, graph.cost, chip, graph.model, single_context, compiler, knowledge)
    findings = [finding for rule in all_rules() for finding in rule.check(context)]
    resources, notes = _resources(graph, chip)
    notes += _notes(compiler, hardware, knowledge, {node.op_type for node in loaded.nodes})
    found = tuple(ordered(findings, net))
    return CheckReport(loaded.name, found, net, resources, compiler, knowledge, notes)


def _notes(compiler: str, hardware: str, knowledge: Knowledge, operators: set[str]) -> tuple[str, ...]:
    """Return what must be said beside the findings of the compiler that was asked for."""
    notes = [wrong] if compiler and (wrong := wrong_chip(compiler, hardware)) else []
    notes += [
        f"{operator}: DFC {knowledge.compiler} refused its smallest graph for {hardware} in {row.stage} "
        f"({row.source})"
        for operator, row in sorted(knowledge.refused_operators.items())
        if operator in operators
    ]
    return tuple(notes)


def check_here(
    graph: OpenedGraph, hardware: str = DEFAULT_CHIP, compiler: str = "", *, single_context: bool = False
) -> tuple[CheckReport, str]:
    """Check a graph with what this machine knows of its compiler (or of another version); returns also a note.

    Raises:
        GraphError: it is no static ONNX graph.
        OptionError: no such chip.
    """
    version = compiler or installed_compiler()
    known, note = known_of(version, hardware)
    report = check_graph(
        graph, hardware, single_context=single_context, compiler=version or known.compiler, knowledge=known
    )
    return report, note


def group_findings(findings: Iterable[Finding]) -> tuple[FindingGroup, ...]:
    """Group findings of the same rule, level, stage, grade, source and fix."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.rule, finding.level, finding.stage, finding.grade, finding.source, finding.fix)
        groups.setdefault(key, []).append(finding)
    return tuple(FindingGroup(tuple(group)) for group in groups.values())


def count_in_words(levels: Sequence[str], counted: Sequence[str] = ("error", "warning")) -> str:
    """Return how many findings have each of the ``counted`` levels.

    >>> count_in_words(["note", "warning", "warning", "error"]), count_in_words(["note"])
    ('1 error, 2 warnings', 'no findings')
    """
    counts = {level: levels.count(level) for level in counted}
    words = [f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts.items() if count]
    return ", ".join(words) or "no findings"


def ordered(findings: Iterable[Finding], net: HailoNet) -> list[Finding]:
    """Return findings by level and stage, then in the order of the net's layers; those of no layer come last."""
    place = {layer.name: position for position, layer in enumerate(net)}

    def key(finding: Finding) -> tuple[int, int, int]:
        layer = place.get(finding.layer, len(place))
        return LEVELS.index(finding.level), STAGES.index(finding.stage), layer

    return sorted(findings, key=key)


def _resources(graph: OpenedGraph, chip: Chip) -> tuple[ResourceEstimate, tuple[str, ...]]:
    """Estimate what a graph needs on a chip; if its contract is damaged, without seconds of audio, and a note."""
    try:
        return estimate_resources(chip, graph.cost, graph.contract), ()
    except GraphError as error:  # damaged metadata affects running the graph, not compiling it
        return estimate_resources(chip, graph.cost, None), (str(error),)
