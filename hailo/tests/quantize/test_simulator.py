from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.evaluation_set import cut_windows, read_evaluation
from tasnet2hef.quantize.number_format import A16_W16, FLOAT, MODES, Precision
from tasnet2hef.quantize.score import Scorer, relative_noise
from tasnet2hef.quantize.simulator import Preparation, channel_spread_db, prepare
from tasnet2hef.runtime.backends.frames import window_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net


def frames_of(simulator, seed=77):
    return window_to_frames(babble(0.2, seed)[: simulator.contract.window_samples], simulator.contract)


def noise_db(simulator, backend, seed=77):
    frames = frames_of(simulator, seed)
    exact = simulator.float_backend().run(frames)
    return 10 * np.log10(relative_noise(exact.reshape(2, -1), backend.run(frames).reshape(2, -1)) + 1e-30)


def test_float_equals_the_model(model, simulator):
    frames = frames_of(simulator)
    expected = OnnxRuntimeBackend(model, 1).run(frames)
    error = np.abs(simulator.float_backend().run(frames) - expected).max()
    assert error < 2e-6 * np.abs(expected).max(), f"largest difference {error}"


def test_the_noise_falls_as_bits_grow(simulator):
    eight, wide, sixteen = (
        noise_db(simulator, simulator.backend(default=precision))
        for precision in (MODES["a8_w8"], Precision(16, 8), A16_W16)
    )
    assert -45 < eight < -10
    assert sixteen < -60
    assert sixteen < wide < eight
    assert noise_db(simulator, simulator.backend(default=MODES["a8_w4"])) > eight + 3


def test_sixteen_bits_cost_less_than_a_twentieth_of_a_db(simulator, test_set):
    clips, _ = read_evaluation(test_set, simulator.contract)
    scorer = Scorer(cut_windows(clips, simulator.contract, 6), simulator.float_backend())
    exact = scorer.score(simulator.float_backend()).si_sdr_db
    sixteen = scorer.score(simulator.backend(default=A16_W16)).si_sdr_db
    assert abs(exact - sixteen) < 0.05


def test_each_border_switches_on_its_own(simulator):
    for border in simulator.borders:
        alone = noise_db(simulator, simulator.backend({border.layer: MODES["a8_w8"]}, default=FLOAT))
        assert -120 < alone < -10, f"{border.layer}: {alone:.1f} dB"
    assert noise_db(simulator, simulator.backend({b.layer: FLOAT for b in simulator.borders})) < -200


def test_equalisation_keeps_the_model_and_evens_the_channels(tmp_path, calibration):
    loud = save_net(tmp_path / "loud.onnx", loud=20.0)
    opened = open_calibration(calibration)
    plain = prepare(OpenedGraph.read(loud), opened, Preparation(equalise=False, threads=1))
    even = prepare(OpenedGraph.read(loud), opened, Preparation(equalise=True, threads=1))
    layer = next(border.layer for border in plain.borders if border.tensor == "tcn_00/expand_activation")
    assert layer in even.equalised
    assert not plain.equalised
    frames = frames_of(plain)
    expected, outputs = plain.float_backend().run(frames), even.float_backend().run(frames)
    assert np.abs(expected - outputs).max() < 1e-5 * np.abs(expected).max()
    assert channel_spread_db(even.observed, layer) < channel_spread_db(plain.observed, layer) - 6
    alone = {layer: MODES["a8_w8"]}
    gained = noise_db(plain, plain.backend(alone, FLOAT)) - noise_db(even, even.backend(alone, FLOAT))
    assert gained > 3, f"equalisation gained {gained:.1f} dB in {layer}"


def test_bias_correction_takes_back_the_shifted_mean(model, calibration):
    opened = open_calibration(calibration)
    plain = prepare(OpenedGraph.read(model), opened, Preparation(correct_bias=False, equalise=False, threads=1))
    right = prepare(OpenedGraph.read(model), opened, Preparation(correct_bias=True, equalise=False, threads=1))
    weights_only = {border.layer: Precision(None, 4) for border in plain.borders}

    def shift(simulator):
        shifts = []
        for frames in opened.frames():
            exact = simulator.float_backend().run(frames)
            shifts.append((simulator.backend(weights_only, FLOAT).run(frames) - exact).mean(axis=(0, 1)))
        return np.abs(np.mean(shifts, axis=0)).mean()

    assert shift(right) < 0.7 * shift(plain)


def test_borders_are_found_by_any_layer_of_theirs(simulator):
    assert simulator.border_of("output_layer1").tensor == "source_1"
    fused = next(border for border in simulator.borders if border.fused)
    assert simulator.border_of(fused.fused[0]) is fused
    with pytest.raises(OptionError, match=r"'conv1l': not in the net; did you mean conv1"):
        simulator.border_of("conv1l")


def test_options_are_checked(model, calibration):
    opened = open_calibration(calibration)
    with pytest.raises(OptionError, match="range: found 'best'"):
        prepare(OpenedGraph.read(model), opened, Preparation(range_method="best"))
    with pytest.raises(OptionError, match=r"percentile: found 12"):
        prepare(OpenedGraph.read(model), opened, Preparation(percentile=12))
