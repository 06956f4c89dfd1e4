"""The graphs of a probe: bad and good examples of every rule, and the smallest graph of every operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.compiler.probe.smallest import operators, smallest_graph
from tasnet2hef.target.check import CheckReport, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.knowledge import STAGES
from tasnet2hef.target.rules import Rule
from tasnet2hef.target.rules.framework.discovery import all_rules
from tasnet2hef.target.rules.framework.finding import STAGES as RULE_STAGES

Predicted = Literal["pass", "may fail", "fail"]
CONTROL: Final = "operator/Conv"
"""The case without which no other one is believed: two convolutions."""
DIGITS: Final = 8
_WEIGHTED: Final = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class ProbeCase:
    """One graph to ask about; ``rule`` or ``operator`` is empty. ``last`` is the stage up to which it runs."""

    name: str
    rule: str
    operator: str
    example: str
    graph: str
    last: str
    build: Callable[[], onnx.ModelProto]


@dataclass(frozen=True)
class PreparedCase:
    """A case with the digest of the graph that is given to the compiler, and what `check` predicts of it.

    ``weighted``: its graph has real weights, not those it is drawn with.
    """

    case: ProbeCase
    digest: str
    predicted: Predicted
    findings: tuple[str, ...]
    weighted: bool

    def open(self, path: Path) -> OpenedGraph:
        """Draw the graph again: all of them together would take much memory."""
        drawn = self.case.build()
        return _opened(with_weights(drawn) if self.weighted else drawn, path)

    @property
    def key(self) -> str:
        """Return the case's name with the digest of its graph: another graph is another case."""
        return f"{self.case.name}/{self.digest[:DIGITS]}"

    @property
    def file_name(self) -> str:
        """Return the name of its file, without the suffix: letters, digits and underscores."""
        return "".join(letter if letter.isalnum() else "_" for letter in self.key)


def all_cases() -> tuple[ProbeCase, ...]:
    """Return every case, the control first."""
    smallest = sorted(map(_operator_case, operators()), key=lambda case: case.name != CONTROL)
    return (*smallest, *(case for rule in all_rules() for case in _rule_cases(rule)))


def select(cases: Sequence[ProbeCase], only: str) -> tuple[ProbeCase, ...]:
    """Return the cases of some rules and operators, given by their names with commas between; always the control.

    Raises:
        OptionError: one of them does not exist.
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = {case.rule or case.operator for case in cases}
    for name in names:
        if name not in known:
            raise OptionError(
                f"--only: found {name[:60]!r}, expected ids of rules (`tasnet2hef rules`) or names of operators"
            )
    return tuple(
        case for case in cases if not names or case.name == CONTROL or (case.rule or case.operator) in names
    )


def prepare(case: ProbeCase, hardware: str, path: Path) -> PreparedCase | None:
    """Draw a case and predict it, with real weights if they leave it an example of its rule, else as it is drawn.

    None for a graph that says nothing here: one that this onnx does not know, or an example that the rule does not
    find on this chip.
    """
    drawn = case.build()
    for weighted in (True, False):
        opened = _opened(with_weights(drawn) if weighted else drawn, path)
        try:
            report = check_graph(opened, hardware)
        except GraphError:
            return None
        found = any(finding.rule == case.rule for finding in report.findings)
        if not case.rule or found == (case.example == "bad"):
            return _predicted(case, opened, report, weighted)
    return None


def _predicted(case: ProbeCase, opened: OpenedGraph, report: CheckReport, weighted: bool) -> PreparedCase:
    errors = [each for each in report.errors if _within(each.stage, case.last)]
    warnings = [each for each in report.findings if each.level == "warning" and _within(each.stage, case.last)]
    predicted: Predicted = "fail" if errors else "may fail" if warnings else "pass"
    found_rules = tuple(dict.fromkeys(each.rule for each in (*errors, *warnings)))
    return PreparedCase(case, opened.digest, predicted, found_rules, weighted)


def _opened(model: onnx.ModelProto, path: Path) -> OpenedGraph:
    return OpenedGraph(model, path, model.SerializeToString(deterministic=True))


def with_weights(drawn: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy with random weights, which examples leave out or fill with one number."""
    model = onnx.ModelProto()
    model.CopyFrom(drawn)
    weights = {node.input[1] for node in model.graph.node if node.op_type in _WEIGHTED and len(node.input) > 1}
    for tensor in model.graph.initializer:
        outside = tensor.data_location == TensorProto.EXTERNAL
        if tensor.data_type == TensorProto.FLOAT and (outside or tensor.name in weights):
            tensor.CopyFrom(_random(tensor.name, tuple(tensor.dims)))
    return model


def _random(name: str, shape: tuple[int, ...]) -> onnx.TensorProto:
    seed = int(digest_of_bytes(f"{name}{shape}".encode())[:8], 16)
    inputs = max(1, int(np.prod(shape[1:])))
    values = np.random.default_rng(seed).standard_normal(shape) / np.sqrt(inputs)
    return numpy_helper.from_array(values.astype(np.float32), name)


def _operator_case(operator: str) -> ProbeCase:
    name = f"operator/{operator}"
    return ProbeCase(name, "", operator, "smallest", operator, STAGES[-1], partial(smallest_graph, operator))


def _rule_cases(rule: Rule) -> Iterator[ProbeCase]:
    """Yield a rule's examples: one that the compiler accepts though it is wrong can't be told by asking it."""
    last = rule.stage if rule.stage in STAGES else STAGES[-1]
    examples: Iterable[tuple[str, tuple[Callable[[], onnx.ModelProto], ...]]] = (
        ("bad", () if rule.accepted else rule.bad),
        ("good", rule.good),
    )
    for example, graphs in examples:
        for build in graphs:
            name = build.__name__.strip("_")
            yield ProbeCase(f"{rule.id}/{example}/{name}", rule.id, "", example, build.__name__, last, build)


def _within(stage: str, last: str) -> bool:
    return RULE_STAGES.index(stage) <= RULE_STAGES.index(last)
