"""Recorded verdicts: `check` predicts them, from what each row says of its graph and nothing else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.target.rules.verdicts.replay import judge, matrix, replay
from tests.target.rules.verdicts.row import read_rows, row_of

RECORDED = Path(
    os.environ.get("TASNET2HEF_VERDICTS", Path(__file__).parents[5] / "shared/evidence/verdicts.jsonl")
)
RECALL_WANTED, FALSE_ALARMS_ALLOWED = 0.95, 0.05

needs_record = pytest.mark.skipif(not RECORDED.is_file(), reason=f"no recorded verdicts at {RECORDED}")


@needs_record
def test_recorded_verdicts_are_predicted() -> None:
    verdicts = replay(read_rows(RECORDED))
    counts = matrix(verdicts)
    print(f"recorded fail: {counts.caught} predicted, {counts.overlooked} not")
    print(f"recorded pass: {counts.passed} predicted, {counts.false_alarms} not")
    misses = [f"{verdict.row.id}: {verdict.reason}" for verdict in verdicts if verdict.missed]
    assert counts.recall >= RECALL_WANTED, misses
    assert counts.false_alarm_rate <= FALSE_ALARMS_ALLOWED, misses
    assert counts.applicable >= 0.5 * len(verdicts)


@needs_record
def test_nothing_is_drawn_from_ids_or_errors() -> None:
    rows = list(read_rows(RECORDED))
    blind = [dataclasses.replace(row, id="row", error="") for row in rows]
    for seen, unseen in zip(replay(rows), replay(blind), strict=True):
        assert seen.applicable == unseen.applicable, seen.row.id
        assert seen.predicted_failure == unseen.predicted_failure, seen.row.id


# Made-up rows in the words that logs use: what they state is drawn, however it is put.
WORDINGS: tuple[tuple[bool, Mapping[str, Any]], ...] = (
    (True, {"op": "Conv 1x1 512->512", "shapes": "NHWC [1,1024,512]"}),
    (False, {"op": "Conv 1x1 128->128", "shapes": "NHWC [1,256,128]"}),
    (True, {"op": "Conv 1x1", "params": {"in_channels": 256, "out_channels": 256, "width": 2000}}),
    (False, {"op": "1x1 conv, tall", "shapes": "NCHW [1,256,2000,1]"}),
    (True, {"op": "channel-last Conv1d", "shapes": "[B,L,C]", "params": {"kernel": 4}}),
    (True, {"op": "Conv", "shapes": "[1,64,1999]", "params": {"kernel": [3], "groups": 64}}),
    (True, {"op": "Slice on axis 1 of a rank-3 tensor"}),
    (True, {"op": "Slice with negative step"}),
    (True, {"op": "torch.flip over channels", "shapes": "NCHW [1,192,148,1]"}),
    (True, {"op": "F.pad(mode='replicate')"}),
    (False, {"op": "ZeroPad2d + Conv2d", "shapes": "NCHW [1,8,1,100]", "params": {"kernel": [1, 3]}}),
    (True, {"op": "Mul with broadcast", "shapes": "[1,8,10,64] * [10,64]"}),
    (True, {"op": "GELU exported as Erf nodes"}),
    (False, {"op": "LeakyReLU, ReLU, Sigmoid, Tanh, HardSwish, ELU, SiLU"}),
    (False, {"op": "PReLU, one slope", "shapes": "NCHW [1,64,1,199]", "params": {"slope_shape": [1]}}),
    (True, {"op": "PReLU", "shapes": "NCHW [1,512,1,199]", "params": {"slope_shape": [512]}}),
    (True, {"op": "Selu"}),
    (True, {"op": "ScatterND"}),
    (True, {"op": "CumSum"}),
    (True, {"op": "token embedding look-up"}),
    (True, {"op": "mean over 1,999 frames"}),
    (False, {"op": "ReduceMean over time", "shapes": "NHWC [1,100,64]->[1,1,64]"}),
    (True, {"op": "Softmax over 3600 tokens", "shapes": "[1,12,3600,3600]", "hw_arch": "hailo8l"}),
    (True, {"op": "concat of three heads", "shapes": "[1,37,8400]"}),
    (True, {"op": "a detector, single context", "params": {"lcus": 149}}),
    (False, {"op": "a detector in several contexts", "params": {"layers": 180, "contexts": 3}}),
    (True, {"op": "Reshape [1,192,2,74] -> [1,96,4,74]"}),
    (True, {"op": "rank-5 Transpose", "params": {"perm": [0, 1, 3, 2, 4]}}),
    (True, {"op": "ConvTranspose2d 1x16 s8 groups=2", "shapes": "NHWC [1,99,64]->[1,792,2]"}),
    (False, {"op": "ConvTranspose2d", "shapes": "NCHW [1,64,20,20]->[1,32,40,40]", "params": {"kernel": [2, 2]}}),
    (False, {"op": "AdaptiveAvgPool2d((1,1)) + squeeze + Linear"}),
    (
        True,
        {
            "op": "patch embedding at 960 px",
            "params": {"kernel": [16, 16], "stride": [16, 16]},
            "hw_arch": "hailo8l",
        },
    ),
)


@pytest.mark.parametrize(("fails", "fields"), WORDINGS, ids=[str(fields["op"]) for _, fields in WORDINGS])
def test_a_wording_is_understood(fails: bool, fields: Mapping[str, Any]) -> None:
    verdict = judge(row_of({"stage": "compile", "outcome": "pass", "hw_arch": "hailo8", **fields}))
    assert verdict.applicable, verdict.reason
    assert verdict.predicted_failure == fails, verdict.reason


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        ("runtime", {"op": "Conv2d", "stage": "runtime"}),
        ("outcome", {"op": "Conv2d", "outcome": "unknown"}),
        ("not by the graph", {"op": "calibration data passed as a list"}),
        ("not by the graph", {"op": "a16_w16 on every Conv2d"}),
        ("not stated", {"op": "Reshape used as a view"}),
        ("whole net", {"op": "YOLOv8n-seg"}),
        ("uncertain", {"op": "Conv 1x1 4096->12288?"}),
    ],
)
def test_what_states_no_graph_is_left_out(why: str, fields: Mapping[str, Any]) -> None:
    verdict = judge(row_of({"stage": "compile", "outcome": "fail", **fields}))
    assert not verdict.applicable
    assert why in verdict.reason
    assert not verdict.missed


def test_the_stage_counts() -> None:
    fields = {"op": "ReduceMean", "shapes": "NHWC [1,1999,64]->[1,1,64]", "outcome": "pass"}
    assert not judge(row_of({**fields, "stage": "translate"})).predicted_failure
    assert judge(row_of({**fields, "stage": "optimize"})).predicted_failure
