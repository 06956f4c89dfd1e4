from __future__ import annotations

import json

import numpy as np
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.quantize.calibration.evaluation_set import EvaluationWindow, cut_windows, read_evaluation
from tasnet2hef.quantize.layer_analysis import analyse
from tasnet2hef.quantize.measuring import Measuring
from tasnet2hef.quantize.number_format import A16_W16, MODES
from tasnet2hef.quantize.precision_search import allowed_noise, search
from tasnet2hef.quantize.score import Scorer
from tasnet2hef.quantize.search_state import SearchState


class CountingScorer(Scorer):
    """Counts its runs, and stops after some."""

    runs = 0
    limit = 10_000

    def score(self, backend):
        if self.runs >= self.limit:
            raise KeyboardInterrupt
        self.runs += 1
        return super().score(backend)


@pytest.fixture
def scorer(test_set, simulator):
    clips, _ = read_evaluation(test_set, simulator.contract)
    return CountingScorer(cut_windows(clips, simulator.contract, 4), simulator.float_backend())


@pytest.fixture(scope="module")
def layers(test_set, simulator):
    clips, _ = read_evaluation(test_set, simulator.contract)
    scorer = Scorer(cut_windows(clips, simulator.contract, 4), simulator.float_backend())
    return analyse(Measuring(simulator, scorer, SearchState(None, "")), relieve=3)


def test_every_border_is_reported_and_the_worst_comes_first(simulator, layers):
    assert {layer.name for layer in layers} == {border.layer for border in simulator.borders}
    damages = [layer.loss_alone_db for layer in layers]
    assert damages == sorted(damages, reverse=True)
    assert [layer.gain_in_float_db is not None for layer in layers] == [place < 3 for place in range(len(layers))]
    for layer in layers:
        assert layer.noise > 0
        assert 0 < layer.sqnr_db < 100
        assert 1 < layer.useful_codes <= 256
        assert 0 <= layer.zero_point <= 255
        assert layer.scale > 0


def test_noises_of_single_layers_add_up(simulator, scorer, layers):
    total = sum(layer.noise for layer in layers)
    assert 0.4 < scorer.score(simulator.backend()).noise / total < 2.5


def test_the_target_is_reached_by_a_set_that_was_run(simulator, scorer, layers):
    exact = scorer.score(simulator.float_backend()).si_sdr_db
    rough = scorer.score(simulator.backend()).si_sdr_db
    target = (exact - rough) / 4
    assert target > 0.02
    result = search(Measuring(simulator, scorer, SearchState(None, "")), layers, target_db=target)
    assert result.reached
    again = scorer.score(simulator.backend(dict.fromkeys(result.chosen.layers, A16_W16)))
    assert again.si_sdr_db == result.chosen.score.si_sdr_db
    assert exact - again.si_sdr_db <= target
    assert 0 < len(result.chosen.layers) < len(layers)
    assert result.chosen in result.frontier


def test_the_frontier_only_rises(simulator, scorer, layers):
    result = search(Measuring(simulator, scorer, SearchState(None, "")), layers, target_db=0.001)
    bits = [point.extra_bits for point in result.frontier]
    figures = [point.score.figure_db for point in result.frontier]
    assert bits == sorted(bits)
    assert figures == sorted(figures)
    assert (bits[0], result.frontier[0].layers) == (0, ())


def test_a_target_that_8_bits_reach_costs_nothing(simulator, scorer, layers):
    result = search(Measuring(simulator, scorer, SearchState(None, "")), layers, target_db=20)
    assert result.chosen.layers == ()
    assert result.reached


def test_what_the_user_fixed_stays(simulator, scorer, layers):
    fixed = {layers[0].name: MODES["a8_w4"]}
    result = search(Measuring(simulator, scorer, SearchState(None, "")), layers, target_db=1e-6, fixed=fixed)
    assert all(layers[0].name not in point.layers for point in result.frontier)


def test_without_references_noise_is_the_target(simulator, layers):
    generator = np.random.default_rng(1)
    window = EvaluationWindow(
        (0.1 * generator.standard_normal(simulator.contract.window_samples)).astype(np.float32), None
    )
    scorer = Scorer([window], simulator.float_backend())
    result = search(Measuring(simulator, scorer, SearchState(None, "")), layers, target_db=0.02)
    assert result.chosen.score.si_sdr_db is None
    assert result.reached
    assert result.chosen.score.noise <= allowed_noise(0.02)


def test_it_goes_on_where_it_was_stopped(simulator, scorer, layers, tmp_path):
    path = tmp_path / "state.json"
    scorer.limit = 9
    with pytest.raises(KeyboardInterrupt):
        analyse(Measuring(simulator, scorer, SearchState(path, "key")), relieve=2)
    assert len(json.loads(path.read_text())["scores"]) == 9
    scorer.limit, scorer.runs = 10_000, 0
    state = SearchState(path, "key")
    assert state.resumed == 9
    resumed = analyse(Measuring(simulator, scorer, state), relieve=2)
    assert scorer.runs == len(simulator.borders) + 2 + 2 - 9
    assert [layer.name for layer in resumed] == [layer.name for layer in layers]
    scorer.runs = 0
    analyse(Measuring(simulator, scorer, SearchState(path, "key")), relieve=2)
    assert scorer.runs == 0
    assert SearchState(path, "another key").resumed == 0
    assert SearchState(path, "key", fresh=True).resumed == 0


def test_a_damaged_state_is_reported(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("{")
    with pytest.raises(OptionError, match="damaged search state"):
        SearchState(path, "key")


@pytest.mark.parametrize("score", [None, 1, [1], [1, 2, 3], ["x", None], [-1, None], [{"a": 1}, 2.0]])
def test_a_score_of_another_kind_is_reported(tmp_path, score):
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"key": "k", "scores": {"alone: a": score}}))
    with pytest.raises(OptionError, match=r"a damaged search state: scores\.alone: a.*; delete it"):
        SearchState(path, "k")
