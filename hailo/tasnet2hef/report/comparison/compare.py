"""Compares two runs: nodes, predicted layers, cost, findings and scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.report.comparison.rows import Row, Section, Verdict, higher, lower, neutral
from tasnet2hef.report.comparison.side import NodeForm, Side, read_side

SCORE_WITHIN_DB: Final = 0.05
"""SI-SDR and agreement that differ by up to this count as equal."""
WORK_WITHIN: Final = 0.01
"""Weights and operations that differ by up to this share count as equal: a window may be a frame longer."""
PARITY_WITHIN_DB: Final = 6.0
"""Parity is float rounding; a factor of two counts as equal."""


@dataclass(frozen=True)
class Comparison:
    """Two runs, by section."""

    first: str
    second: str
    hardware: tuple[str, str]
    sections: tuple[Section, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have a verdict."""
        return sum(row.verdict == verdict for section in self.sections for row in section.rows)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "a": self.first,
            "b": self.second,
            "hardware": {"a": self.hardware[0], "b": self.hardware[1]},
            "better": self.count("better"),
            "worse": self.count("worse"),
            "sections": [section.to_json() for section in self.sections],
        }


def compare_runs(first: Path, second: Path, hardware: str = "hailo8") -> Comparison:
    """Compare two ONNX files or folders with one run each.

    Raises:
        OptionError: a path holds no run, more than one, or damaged facts.
        GraphError: a graph can't be read.
    """
    sides = (read_side(first, hardware), read_side(second, hardware))
    try:
        sections = tuple(
            compare(*sides) for compare in (_nodes, _layers, _layers_by_type, _cost, _findings, _scores)
        )
        chips = (sides[0].check["cost"]["hardware"], sides[1].check["cost"]["hardware"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OptionError(
            f"{first} and {second}: their facts don't hold what a comparison needs ({type(error).__name__}: "
            f"{error}); run the steps again"
        ) from error
    return Comparison(sides[0].name, sides[1].name, chips, sections)


def _nodes(first: Side, second: Side) -> Section:
    if first.nodes is None or second.nodes is None:
        return Section("ONNX nodes", (), "not compared: one of the graphs is not beside its report")
    rows = [neutral("nodes", len(first.nodes), len(second.nodes))]
    for name in [*first.nodes, *(name for name in second.nodes if name not in first.nodes)]:
        before, after = first.nodes.get(name), second.nodes.get(name)
        if before is None or after is None:
            rows.append(Row(name, _operator(before), _operator(after), "changed"))
        elif differences := ", ".join(before.differences(after)):
            rows.append(Row(f"{name}: {differences}", before.operator, after.operator, "changed"))
    return Section("ONNX nodes", tuple(rows))


def _operator(node: NodeForm | None) -> str | None:
    return None if node is None else node.operator


def _layers(first: Side, second: Side) -> Section:
    """Compare layers by their ONNX nodes; the layers' own names are numbered, and the numbers shift."""
    before, after = (_by_origin(side) for side in (first, second))
    rows = []
    for key in [*before, *(key for key in after if key not in before)]:
        one, other = (_layer_text(layers.get(key)) for layers in (before, after))
        if one != other:
            rows.append(Row(key, one, other, "changed"))
    return Section("Predicted layers", tuple(rows), "" if rows else "no layer differs")


def _by_origin(side: Side) -> dict[str, Mapping[str, Any]]:
    """Return layers by their ONNX names; those with the same names are numbered in order."""
    seen: Counter[str] = Counter()
    layers = {}
    for layer in side.check["layers"]:
        key = " + ".join(layer["original_names"]) or layer["name"]
        seen[key] += 1
        layers[key if seen[key] == 1 else f"{key} ({seen[key]})"] = layer
    return layers


def _layer_text(layer: Mapping[str, Any] | None) -> str | None:
    if layer is None:
        return None
    shape = " x ".join(str(size) for size in layer["shape"][1:])
    return f"{layer['type']} {shape}, {layer['macs']:,.0f} MACs"


def _layers_by_type(first: Side, second: Side) -> Section:
    counts = [side.check["cost"]["layers_by_type"] for side in (first, second)]
    types = dict.fromkeys([*counts[0], *counts[1]])
    return Section(
        "Layers by type", tuple(neutral(name, counts[0].get(name, 0), counts[1].get(name, 0)) for name in types)
    )


def _cost(first: Side, second: Side) -> Section:
    one, other = first.check["cost"], second.check["cost"]
    counted = (
        ("layers parsed", "parsed_layers"),
        ("layers compiled", "compiled_layers"),
        ("likely contexts", "likely_contexts"),
        ("bytes of maps held whole", "held_bytes"),
        ("bytes of the largest sliding window", "largest_window_bytes"),
    )
    work = (("weights", "weights"), ("MACs a run", "macs"), ("GOP a second of audio", "gops_per_second_of_audio"))
    rows = [lower(title, one[key], other[key]) for title, key in counted]
    rows += [lower(title, one[key], other[key], WORK_WITHIN) for title, key in work]
    rows.append(lower("maps held whole", len(one["held_maps"]), len(other["held_maps"])))
    rows.append(lower("bytes of the widest row", one["widest_row"]["bytes"], other["widest_row"]["bytes"]))
    return Section("Cost", tuple(rows))


def _findings(first: Side, second: Side) -> Section:
    """Compare findings by rule, level and place: fewer are better, more are worse; notes are neither."""
    before, after = (_findings_of(side) for side in (first, second))
    rows = []
    for rule, level in dict.fromkeys(key[:2] for key in [*before, *after]):
        one, other = ({key for key in keys if key[:2] == (rule, level)} for keys in (before, after))
        gone, new = len(one - other), len(other - one)
        verdict: Verdict = "same" if not gone and not new else "worse" if len(other) > len(one) else "better"
        if verdict != "same" and (level == "note" or len(one) == len(other)):
            verdict = "changed"
        rows.append(
            Row(f"{level} {rule}: {gone} gone, {new} new", len(one), len(other), verdict, "fewer errors, warnings")
        )
    return Section("Findings", tuple(rows), "" if rows else "none in either")


def _findings_of(side: Side) -> dict[tuple[str, str, Hashable], None]:
    """Return rule, level and place of each finding; a place is its ONNX nodes, or its layer if it has no nodes."""
    findings = side.check["findings"]
    return dict.fromkeys((each["rule"], each["level"], tuple(each["nodes"]) or each["layer"]) for each in findings)


def _scores(first: Side, second: Side) -> Section:
    rows = []
    for title, key in (
        ("SI-SDR of recordings", "si_sdr_db"),
        ("SI-SDR of windows", "window_si_sdr_db"),
        ("agreement with float", "agreement_db"),
    ):
        figures = [side.result("simulate").get(key, {}) for side in (first, second)]
        for kind, name in (("float", "float"), ("int8", "8 bits"), ("mixed", "recommended mix")):
            values = [by_kind.get(kind) for by_kind in figures]
            if values != [None, None]:
                rows.append(higher(f"{title}, {name} [dB]", values[0], values[1], SCORE_WITHIN_DB))
    parity = [
        min((row["db"] for row in side.result("export").get("parity", [])), default=None)
        for side in (first, second)
    ]
    if parity != [None, None]:
        rows.append(higher("worst parity of the export [dB]", parity[0], parity[1], PARITY_WITHIN_DB))
    note = "" if rows else "neither run has an export or a simulation of its graph on record"
    return Section("Scores", tuple(rows), note)
