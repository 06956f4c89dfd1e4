"""The text for a vendor's ticket: the failure, its message, the versions and the nodes."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final

import onnx

from tasnet2hef.base.text import escaped
from tasnet2hef.base.version import __version__, installed_versions
from tasnet2hef.diagnose.reduce.sizes import sizes_of
from tasnet2hef.target.failures.tables import compiler_signatures
from tasnet2hef.target.graph.inference import static_shape
from tasnet2hef.target.graph.loader import graph_of_model
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape
from tasnet2hef.target.rules.framework.discovery import find_rule
from tasnet2hef.target.rules.framework.finding import LEVELS

if TYPE_CHECKING:
    from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport

_PACKAGES: Final = ("onnx", "onnxruntime", "numpy", "protobuf", "hailo-dataflow-compiler", "hailort")
_LISTED_NODES: Final = 60
_RULE_KINDS: Final = ("rule", *LEVELS)
_WEIGHTS: Final = {
    "none": "no tensor of more than one value is left",
    "random": "replaced by random numbers; constants of one value and lists of integers are the original's",
    "own": "**the original's own**: with random numbers it no longer fails. Consider whether you may send them",
}


def ticket_text(report: ReduceReport, model: onnx.ModelProto, command: str) -> str:
    """Return the ticket, as Markdown."""
    parts = [
        f"# {_title(report)}",
        f"Run `{command}` on the attached `{report.reduced.name}` (or `sh {report.script.name}`).",
        _fenced(report.message or "the command printed nothing"),
        *_known_cause(report.failure),
        "## Evidence\n\n" + "\n".join(f"- {line}" for line in _evidence(report, model)),
        "## Graph\n\n" + _graph(model, report),
        "## Versions\n\n" + "\n".join(f"- {name}: {version}" for name, version in _versions().items()),
    ]
    return escaped("\n\n".join(parts)) + "\n"


def _versions() -> dict[str, str]:
    """Return the versions in this environment; the command may have run in another one."""
    own = {"tasnet2hef": __version__, "Python": platform.python_version(), "system": platform.platform()}
    installed = installed_versions(_PACKAGES)
    absent = "not in the environment that ran the reduction"
    return own | {package: installed.get(package, absent) for package in _PACKAGES}


def _title(report: ReduceReport) -> str:
    kind, _, name = report.failure.partition(":")
    failure = name if kind == "signature" or kind in _RULE_KINDS else "A failure"
    return f"{failure} on a graph of {_count(report.nodes_after)}"


def _count(nodes: int) -> str:
    return f"{nodes} node{'' if nodes == 1 else 's'}"


def _known_cause(failure: str) -> list[str]:
    """Return the cause of earlier failures of this kind, with its grade; empty where none is known."""
    kind, _, name = failure.partition(":")
    if kind == "signature":
        signature = next(each for each in compiler_signatures() if each.id == name)
        proof, cause = signature.basis, signature.cause
    elif kind in _RULE_KINDS:
        rule = find_rule(name)
        proof, cause = rule.evidence[0], rule.title
    else:
        return []
    return [f"Cause of earlier failures of this kind: {cause} ({proof})."]


def _evidence(report: ReduceReport, model: onnx.ModelProto) -> list[str]:
    same = f"seen on this graph in {report.same_runs} of {report.runs} runs (recorded here), as `{report.failure}`"
    minimal = "no node can be left out without losing the failure (each was tried)"
    stopped = "**not minimal**: the budget of attempts was spent; more nodes may go"
    predicted = (
        "**a prediction by tasnet2hef**, not a compiler's verdict: run the compiler on it before you send this"
    )
    return [
        same,
        *([predicted] if report.failure.partition(":")[0] in _RULE_KINDS else []),
        f"cut out of a graph of {_count(report.nodes_before)} in {report.attempts} attempts",
        minimal if report.minimal else stopped,
        _sizes_line(model),
        f"weights: {_WEIGHTS[report.weights]}",
    ]


def _sizes_line(model: onnx.ModelProto) -> str:
    sizes = sizes_of(model)
    if not sizes:
        return "sizes don't matter: all are 1"
    return f"each of the sizes {', '.join(map(str, sizes))} was halved as long as the failure stayed"


def _graph(model: onnx.ModelProto, report: ReduceReport) -> str:
    graph = graph_of_model(model, report.reduced)
    opsets = ", ".join(f"{entry.domain or 'ai.onnx'} {entry.version}" for entry in model.opset_import)
    lines = [f"Opset {opsets}, IR {model.ir_version}.", ""]
    lines += [f"- input `{value.name}` {_sizes(static_shape(value))}" for value in model.graph.input]
    lines += [f"- output `{value.name}` {_sizes(static_shape(value))}" for value in model.graph.output]
    lines += ["", "| node | operator | inputs | outputs | attributes |", "|---|---|---|---|---|"]
    lines += [_row(node) for node in graph.nodes[:_LISTED_NODES]]
    if len(graph.nodes) > _LISTED_NODES:
        lines.append(f"\nand {len(graph.nodes) - _LISTED_NODES} more")
    return "\n".join(lines)


def _row(node: OnnxNode) -> str:
    inputs = ", ".join(_sizes(shape) for shape in node.input_shapes)
    outputs = ", ".join(_sizes(shape) for shape in node.output_shapes)
    attributes = ", ".join(f"{name}={value}" for name, value in node.attributes).replace("|", "\\|")
    return f"| `{node.name}` | {node.op_type} | {inputs} | {outputs} | {attributes} |"


def _sizes(shape: Shape | None) -> str:
    return "?" if shape is None else "x".join(map(str, shape)) or "scalar"


def _fenced(text: str) -> str:
    return f"```\n{text}\n```"
