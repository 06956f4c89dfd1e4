"""Decisions from facts alone: norms, the form of the graph, the search."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tasnet2hef.guide.decisions import DISTIL, FREEZE, KEEP, Form, choose_form, decide_norms, decide_search
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known import load_chip
from tasnet2hef.target.resources import ResourceEstimate
from tests.quantize.small_net import save_net
from tests.random_weights import small_spec

SEPARATE = Form("separate", "fold", 0, 1, 57, 100.0)


@pytest.mark.parametrize(
    ("norm", "distil", "choice", "words"),
    [
        ("gLN", False, FREEZE, "gLN needs the whole clip; frozen to constants"),
        ("fgLN", True, DISTIL, "fgLN needs the whole clip; a student"),
        ("cgLN", False, FREEZE, "cgLN needs all frames before"),
        ("bN", True, KEEP, "bN needs nothing over time"),
        ("cLN", False, KEEP, "cLN needs nothing over time"),
    ],
)
def test_norms_that_need_time_are_replaced(norm: str, distil: bool, choice: str, words: str) -> None:
    decision = decide_norms(small_spec(norm_type=norm), distil=distil)
    assert decision.choice == choice
    assert decision.reason.startswith(words)


@pytest.mark.parametrize(
    ("other", "best"),
    [
        (Form("joint", "fold", 0, 1, 46, 140.0), "joint"),
        (Form("joint", "fold", 0, 2, 46, 50.0), "separate"),
        (Form("joint", "fold", 1, 1, 10, 50.0), "separate"),
        (Form("joint", "fold", 0, 1, 57, 50.0), "joint"),
    ],
)
def test_errors_then_contexts_then_layers_then_macs(other: Form, best: str) -> None:
    chosen, reason = choose_form([SEPARATE, other])
    assert chosen.residual == best
    assert reason.startswith(f"residual {best}, shift fold")
    assert chosen == choose_form([other, SEPARATE])[0]


def test_the_other_forms_are_named_once() -> None:
    layer = dataclasses.replace(SEPARATE, shift="layer", layers=60)
    _, reason = choose_form([SEPARATE, layer, dataclasses.replace(layer, residual="joint")])
    assert reason.endswith("1 context and 57 layers likely (separate, layer: 1 context and 60 layers)")
    assert "(" not in choose_form([SEPARATE])[1]


def test_caps_are_raised_where_that_makes_one_context(tmp_path: Path) -> None:
    cost = OpenedGraph.read(save_net(tmp_path / "net.onnx")).cost
    chip = load_chip("hailo8")
    fits = {}
    for layers in range(1, 400):
        estimate = ResourceEstimate(chip, dataclasses.replace(cost, lcus=layers))
        fits.setdefault(estimate.fit, Form.of("separate", "fold", 0, estimate))
    assert fits["one context"].caps == ""
    assert fits["one context with raised caps"].caps.startswith("resources_param(max_control_utilization=0.")
    assert fits["one context with raised caps"].contexts == 1
    assert fits["several contexts"].caps == ""
    assert "with caps raised" in choose_form([fits["one context with raised caps"]])[1]


@pytest.mark.parametrize(
    ("lost_db", "wanted", "choice"),
    [
        (0.49, None, KEEP),
        (0.5, None, "search"),
        (float("inf"), None, "search"),
        (float("nan"), None, "search"),
        (0.0, True, "search"),
        (9.0, False, KEEP),
    ],
)
def test_a_search_where_8_bits_cost_much(lost_db: float, wanted: bool | None, choice: str) -> None:
    assert decide_search(lost_db, wanted).choice == choice
