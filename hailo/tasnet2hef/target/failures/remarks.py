"""What the facts add to an explanation: the widest row, findings of `check`, lines of the model script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tasnet2hef.target.failures.facts import Case, shape_text
from tasnet2hef.target.failures.message import error_line, traceback_end
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.knowledge import known_of
from tasnet2hef.target.rules.framework.discovery import find_rule
from tasnet2hef.target.rules.framework.finding import Finding

_SUB_ERROR: Final = re.compile(r"\b\w{1,80}Error in op \S")
_MODE: Final = re.compile(r"\b(?:PrecisionMode\.)?(a\d{1,2}_w\d{1,2}(?:_a\d{1,2})?)\b")
_LONGEST: Final = 240
_SUGGESTED: Final = re.compile(r"(?:using|with|try) (?:these |the )?end node names: \[?([^\n\]]{1,300})")
_BARE: Final = ("Compilation failed", "Compilation failed with unexpected crash")
_NOT_THE_GRAPH: Final = ("crash", "broken-environment", "script-syntax", "parser-layer")
"""Symptoms and classes of failures for which a finding in the graph is no explanation."""


def filled(text: str, case: Case) -> str:
    """Replace `{widest}` by the net's widest row, and `LAYER` by the layer that the message names."""
    widest = case.facts.widest
    if widest is not None:
        row = f"{widest.values:,} bytes: {widest.width} x {widest.features} at {widest.layer}"
        text = text.replace("{widest}", row)
    return text.replace("LAYER", case.message.layer) if case.message.layer else text


def remarks_on(case: Case, signature: Signature | None) -> list[str]:
    """Return sentences that the facts add; without a signature, those for a failure that is not known."""
    remarks = [
        *_named(case),
        *_said(case, signature),
        *_further(case),
        *_script(case),
        *_sixteen(case, signature),
        *_calibration(case, signature),
    ]
    finding = _finding(case, signature)
    if finding is not None:
        known = signature is not None and finding.rule == signature.rule
        what = "finds it in this graph" if known else "expects a failure at this stage"
        where = f" at {finding.layer}" if finding.layer else ""
        rule = "" if known else f" ({finding.rule}, not proven to be the cause)"
        remarks.append(f"`check` {what}{where}: {finding.message[:_LONGEST]}{rule}")
    return [*remarks, *_elsewhere(case, signature), *_probed(case, signature)]


def _elsewhere(case: Case, signature: Signature | None) -> Iterator[str]:
    """Yield that the evidence is of another release or chip than this run's."""
    known, run = signature.basis if signature is not None else None, case.facts
    if known is None:
        return
    release = ".".join(run.compiler.split(".")[:2])
    if known.version and release and release not in re.findall(r"\d+\.\d+", known.version):
        yield f"known from DFC {known.version}, this run is of {run.compiler}"
    if run.hardware and not known.applies_to(run.hardware):
        yield f"known from {', '.join(known.hardware)}, this run is for {run.hardware}"


def _probed(case: Case, signature: Signature | None) -> Iterator[str]:
    """Yield what a probe of this compiler on this machine says of the rule that a failure belongs to."""
    run = case.facts
    if signature is None or not signature.rule or not run.compiler or not run.hardware:
        return
    verdict = known_of(run.compiler, run.hardware)[0].verdict_of(signature.rule)
    bad = [example.__name__ for example in find_rule(signature.rule).bad]
    if verdict is not None and verdict.is_absent(bad):
        yield f"DFC {run.compiler} did all graphs of this kind when it was probed here: another cause is likelier"
    elif verdict is not None and verdict.holds(bad):
        yield f"DFC {run.compiler} refused the graphs of this kind too when it was probed here"


def _named(case: Case) -> Iterator[str]:
    """Yield the parser's node, its operator and the reason."""
    message = case.message
    operator = message.operator or _operator_of(case)
    if message.node:
        yield f"it names {message.node}{f' ({operator})' if operator else ''}" + (
            f": {message.reason}" if message.reason else ""
        )
    elif message.layer:
        layer = case.layer
        origin = f", made of {layer.onnx[0].name} ({layer.onnx[0].op_type})" if layer and layer.onnx else ""
        yield f"it names layer {message.layer}{origin}"


def _operator_of(case: Case) -> str:
    """Return the operator of the node that the message names, from the graph."""
    name, net = case.message.node, case.facts.net
    nodes = [node for layer in net or () for node in layer.onnx]
    return next((node.op_type for node in nodes if name and node.name.lstrip("/") == name.lstrip("/")), "")


def _said(case: Case, signature: Signature | None) -> Iterator[str]:
    """Yield the reason that a message of a general kind gives."""
    reason = case.message.reason
    if (
        signature is not None
        and signature.tells == "class"
        and not case.message.node
        and reason not in ("", *_BARE)
    ):
        yield f"it says: {reason}"
    end = traceback_end(case.text) if signature is None or signature.tells == "class" else ""
    if end:
        yield f"the traceback ends in {end} with {error_line(case.text)}"


def _further(case: Case) -> Iterator[str]:
    count = len(_SUB_ERROR.findall(case.text))
    if case.message.node and count > 1:
        yield f"{count - 1} more node{'s are' if count > 2 else ' is'} refused"
    suggested = _SUGGESTED.search(case.text)
    if suggested:
        yield f"the parser would take the graph as far as {suggested[1].strip()}"


def _script(case: Case) -> Iterator[str]:
    """Yield the model script's line about the layer, or with the precision mode, that the message names."""
    lines = case.facts.lines_about(case.message.layer) if case.message.layer else ()
    modes = _MODE.findall(case.message.line)
    if not lines and modes:
        lines = tuple(
            each
            for each in case.facts.script or ()
            if (value := each.keyword("precision_mode")) is not None and value.text in modes
        )
    if lines:
        numbers = ", ".join(str(each.line) for each in lines[:3])
        yield f"the model script sets it in line {numbers} ({lines[0].command})"


def _sixteen(case: Case, signature: Signature | None) -> Iterator[str]:
    """Yield the script's 16-bit lines where the compile stage found no place and names no cause."""
    lines = case.facts.lines_at_bits("a16")
    if lines and case.stage == "compile" and (signature is None or signature.tells in ("symptom", "class")):
        numbers = ", ".join(str(each.line) for each in lines[:3])
        yield f"the model script asks for 16 bits in line {numbers}, which take more of the chip: try without"


def _calibration(case: Case, signature: Signature | None) -> Iterator[str]:
    facts = case.facts
    about = signature is not None and signature.id in ("calibration-shape", "inference-shapes")
    if about and facts.calibration_fits is False:
        held = ", ".join(f"{name} {shape_text(shape)}" for name, shape in facts.calibration.items())
        wanted = ", ".join(f"{name} {shape_text(shape)}" for name, shape in facts.inputs.items())
        yield f"the set's windows are {held[:_LONGEST]}, the graph takes {wanted[:_LONGEST]}"


def _finding(case: Case, signature: Signature | None) -> Finding | None:
    """Return the finding to quote: of the signature's rule, at the named place first; else of the failed stage."""
    findings = case.facts.findings
    if signature is not None and signature.rule:
        own = [each for each in findings if each.rule == signature.rule]
        here = [each for each in own if each.layer == case.message.layer or case.message.node in each.nodes]
        if own:
            return (here or own)[0]
    if signature is None or (signature.tells in ("symptom", "class") and signature.id not in _NOT_THE_GRAPH):
        errors = [each for each in findings if each.level == "error" and each.stage == case.stage]
        return errors[0] if errors else None
    return None
