"""Recorded verdicts: `check` predicts them from each row's graph."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tasnet2hef.target.rules import GraphSketch
from tests.target.rules.recorded_graphs import draw
from tests.target.rules.recorded_verdicts import RECORDED, Row, matrix, read_rows, replay, row_of

EXAMPLES = RECORDED.with_name("example_verdicts.jsonl")
ORIGINAL = Path(__file__).parents[5] / "shared/evidence/verdicts.jsonl"
MEAN = {
    "opset": 13,
    "inputs": {"x": [1, 64, 1, 1999]},
    "constants": {},
    "nodes": [{"op": "ReduceMean", "in": ["x"], "out": ["y"], "axes": [3]}],
    "outputs": ["y"],
}
RECALL_WANTED, FALSE_ALARMS_ALLOWED = 0.95, 0.05


@pytest.mark.slow
def test_recorded_verdicts_are_predicted() -> None:
    verdicts = [replay(row) for row in read_rows()]
    counts = matrix(verdicts)
    print(f"recorded fail: {counts.caught} predicted, {counts.overlooked} not")
    print(f"recorded pass: {counts.passed} predicted, {counts.false_alarms} not")
    misses = [f"{verdict.row.id}: {verdict.reason}" for verdict in verdicts if verdict.missed]
    assert counts.recall >= RECALL_WANTED, misses
    assert counts.false_alarm_rate <= FALSE_ALARMS_ALLOWED, misses
    assert counts.applicable >= 0.5 * len(verdicts)
    assert counts.applicable == sum(verdict.row.graph is not None for verdict in verdicts) == 120


@pytest.mark.skipif(not ORIGINAL.is_file(), reason=f"the original record is not at {ORIGINAL}")
def test_every_recorded_row_is_accounted_for() -> None:
    originals = [json.loads(line) for line in ORIGINAL.read_text(encoding="utf-8").splitlines()]
    ours = [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    facts = ("id", "source", "dfc_version", "hw_arch", "stage", "outcome", "confidence")
    assert [[row[fact] for fact in facts] for row in ours] == [[row[fact] for fact in facts] for row in originals]
    for row, original in zip(ours, originals, strict=True):
        assert ("graph" in row) != bool(row.get("reason")), row["id"]
        assert row.get("error", original["error"]) == original["error"], row["id"]


@pytest.mark.parametrize("row", read_rows(EXAMPLES), ids=lambda row: row.id)
def test_an_example_is_predicted(row: Row) -> None:
    verdict = replay(row)
    assert verdict.applicable, verdict.reason
    assert verdict.predicted_failure == row.failed, verdict.reason


def test_the_stage_counts() -> None:
    row = row_of({"stage": "translate", "outcome": "pass", "graph": MEAN})
    assert not replay(row).predicted_failure
    assert replay(replace(row, stage="optimize")).predicted_failure


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("no graph: not replayed", {}),
        ("a whole network by name", {"reason": "a whole network by name"}),
        ("its graph can't be drawn (KeyError", {"graph": {"nodes": []}}),
        ("its graph can't be drawn (AttributeError", {"graph": "Conv 1x1 512->512"}),
        ("hailo9", {"hw_arch": "hailo9", "graph": MEAN}),
    ],
)
def test_a_row_that_is_not_replayed_has_a_reason(words: str, fields: dict[str, object]) -> None:
    verdict = replay(row_of({"outcome": "fail", **fields}))
    assert not verdict.applicable
    assert words in verdict.reason
    assert not verdict.missed


def test_a_description_draws_what_it_describes() -> None:
    sketch = GraphSketch()
    tensor = sketch.input(1, 8, 8, 8)
    for _ in range(2):
        tensor = sketch.node("Relu", sketch.conv(tensor, 8, 8))
    drawn = draw(
        {
            "opset": 13,
            "inputs": {"x": [1, 8, 8, 8]},
            "constants": {"w": [8, 8, 1, 1]},
            "nodes": [
                {"op": "Conv", "in": ["x", "w"], "out": ["a"], "kernel_shape": [1, 1]},
                {"op": "Relu", "in": ["a"], "out": ["b"]},
            ],
            "times": 2,
            "outputs": ["b"],
        }
    )
    sketched = sketch.model(tensor)
    assert [node.op_type for node in drawn.graph.node] == [node.op_type for node in sketched.graph.node]
    assert [node.input[0] for node in drawn.graph.node] == ["x", "a_1", "b_1", "a_2"]
    assert [tensor.raw_data for tensor in drawn.graph.initializer] == [
        tensor.raw_data for tensor in sketched.graph.initializer
    ]
