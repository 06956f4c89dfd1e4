"""Every rewrite equals the original network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import next_factored
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet, separate_windows
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.network.primitives import ChannelAffine, TimeConv
from tests.random_weights import random_reference, small_spec

EXACT_DB = 90.0

OPTION_MATRIX: list[dict[str, object]] = [
    *[{"n_src": n} for n in (1, 2, 3, 4, 5)],
    *[{"norm_type": norm} for norm in ("gLN", "fgLN", "cLN", "bN")],
    *[
        {"mask_act": act}
        for act in ("sigmoid", "relu", "softmax", "linear", "tanh", "prelu", "leaky_relu", "gelu")
    ],
    *[{"mask_act": "softmax", "n_src": n} for n in (3, 4, 5)],
    *[{"encoder_activation": act} for act in ("relu", "sigmoid", "tanh", "prelu", "swish")],
    *[{"kernel_size": k, "stride": s} for k, s in ((16, 8), (20, 7), (17, 8), (5, 5), (40, 10), (3, 1), (2, 1))],
    *[{"skip_chan": None, "norm_type": norm} for norm in ("gLN", "bN")],
    *[{"causal": True, "norm_type": norm} for norm in ("cLN", "bN")],
    *[{"causal": True, "norm_type": "cLN", "conv_kernel_size": k} for k in (2, 4)],
    *[{"conv_kernel_size": k, "norm_type": norm} for k in (1, 5) for norm in ("gLN", "bN")],
    {"out_chan": 1},
    {"out_chan": 1, "mask_act": "softmax"},
    {"encoder_padding": 8},
    {"encoder_padding": 8, "kernel_size": 17},
    {"encoder_bias": True, "decoder_bias": True, "encoder_activation": "relu"},
    {"encoder_bias": True, "decoder_bias": True, "norm_type": "bN", "encoder_padding": 8},
    *[{"bottleneck_norm": norm, "norm_type": other} for norm, other in
      (("cLN", "gLN"), ("cLN", "bN"), ("gLN", "cLN"), ("identity", "bN"), ("bN", "identity"))],
    *[{"depthwise_norm": "identity", "norm_type": norm} for norm in ("gLN", "cLN", "bN")],
    {"norm_eps": 1e-5, "bottleneck_norm_eps": 1.1920928955078125e-07, "bottleneck_norm": "cLN"},
    *[{"mask_input_act": act} for act in ("linear", "relu", "tanh", "sigmoid")],
    *[{"mask_act": "softmax", "softmax_over": over, "n_src": n} for over in ("features", "all")
      for n in (1, 2, 3)],
    {"encoder_padding": 8, "alignment": "window"},
    {"alignment": "centred", "kernel_size": 17},
]  # fmt: skip


def _frames_for(spec: TasNetSpec, frames: int) -> int:
    return next_factored(frames) if norm_strategy(spec) == "exact" else frames


def _parity_db(spec: TasNetSpec, options: BuildOptions, seed: int = 0, **ranges: tuple[float, float]) -> float:
    reference = random_reference(spec, seed, **ranges)
    if not spec.window_samples(options.window_frames):
        options = replace(options, window_frames=options.window_frames + 1)
    net = HailoTasNet(spec, reference.state_dict(), options).eval()
    streams, samples = options.streams, net.contract.window_samples
    clips = speech_clip(streams * samples, 8000).reshape(streams, samples)
    with torch.no_grad():
        original = reference(torch.from_numpy(clips)).numpy()
    return compare_sources("", original.reshape(-1, samples), separate_windows(net, clips).reshape(-1, samples)).db


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes", [{}, {"layout": "wide"}, {"residual": "joint"}, {"shift": "layer"}, {"streams": 4}], ids=str
)
@pytest.mark.parametrize("options", OPTION_MATRIX, ids=str)
def test_the_rewrite_equals_the_original(options: dict[str, object], changes: dict[str, Any]) -> None:
    spec = small_spec(**options)
    build = replace(BuildOptions(window_frames=_frames_for(spec, 150)), **changes)
    assert _parity_db(spec, build) >= EXACT_DB


@pytest.mark.parametrize("slope", [(0.02, 0.7), (-0.6, -0.1), (0.0, 0.0)], ids=["positive", "negative", "relu"])
@pytest.mark.parametrize("gain", [(-3.0, 3.0), (0.0, 0.0), (1e-6, 1e-5)], ids=["both signs", "zero", "tiny"])
def test_a_constant_norm_before_padding_folds_exactly(
    slope: tuple[float, float], gain: tuple[float, float]
) -> None:
    spec = small_spec(norm_type="bN")
    db = _parity_db(spec, BuildOptions(window_frames=100), slope=slope, gain=gain)
    assert db >= EXACT_DB


def test_folding_costs_no_layer_and_keeps_the_range() -> None:
    spec = small_spec(norm_type="bN")
    weights = random_reference(spec, slope=(0.1, 0.7)).state_dict()
    folded = HailoTasNet(spec, weights, BuildOptions(window_frames=100))
    assert not [module for module in folded.modules() if isinstance(module, ChannelAffine)]
    kept = HailoTasNet(spec, weights, BuildOptions(window_frames=100, shift="layer"))
    assert len([module for module in kept.modules() if isinstance(module, ChannelAffine)]) == len(spec.dilations)


def test_a_padding_value_that_the_activation_cannot_reach_keeps_its_layer() -> None:
    spec = small_spec(norm_type="bN")
    weights = random_reference(spec, slope=(-0.5, -0.1)).state_dict()
    net = HailoTasNet(spec, weights, BuildOptions(window_frames=100))
    assert [module for module in net.modules() if isinstance(module, ChannelAffine)]


@pytest.mark.slow
@given(
    kernel=st.integers(1, 24),
    stride_share=st.floats(0.05, 1.0),
    frames=st.integers(2, 300),
    norm=st.sampled_from(["gLN", "fgLN", "cLN", "bN"]),
    sources=st.integers(1, 5),
    residual=st.sampled_from(["separate", "joint"]),
    layout=st.sampled_from(["tall", "wide"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_any_spec_and_window_is_exact(
    kernel: int, stride_share: float, frames: int, norm: str, sources: int, residual: str, layout: str, seed: int
) -> None:
    stride = max(1, int(kernel * stride_share))
    spec = small_spec(kernel_size=kernel, stride=stride, norm_type=norm, n_src=sources, n_blocks=2)
    build = BuildOptions(window_frames=_frames_for(spec, frames), residual=residual, layout=layout)
    assert _parity_db(spec, build, seed) >= EXACT_DB


def test_every_tensor_is_four_dimensional() -> None:
    spec = small_spec(mask_act="softmax", n_src=3)
    net = HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100))
    ranks: set[int] = set()
    for module in net.modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _m, _i, output: ranks.add(output.ndim))
    outputs = net(torch.zeros(net.contract.input_shape))
    assert ranks == {4}
    assert [tuple(output.shape) for output in outputs] == [net.contract.input_shape] * 3


def test_the_last_residual_convolution_is_not_exported() -> None:
    spec = small_spec()
    net = HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100))
    names = [name for name, module in net.named_modules() if isinstance(module, TimeConv)]
    assert "tcn_04.residual" in names
    assert "tcn_05.residual" not in names
    assert "tcn_05.skip" in names


def test_silence_stays_finite() -> None:
    spec = small_spec()
    net = HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100))
    silent = separate_windows(net, np.zeros((1, net.contract.window_samples), np.float32))
    assert np.isfinite(silent).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"norm_type": "cgLN"}, "running mean"),
        ({"mask_act": "softmax", "n_src": 1}, "one source"),
    ],
)
def test_what_has_no_exact_form_is_refused(options: dict[str, object], reason: str) -> None:
    spec = small_spec(**options)
    with pytest.raises(OptionError, match=reason):
        HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100))


def test_an_unfactored_window_is_refused_with_the_next_that_is() -> None:
    spec = small_spec()
    with pytest.raises(OptionError, match=r"1999 frames.*2000 frames"):
        HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=1999))


@pytest.mark.parametrize("name", ["layout", "residual", "shift"])
def test_an_unknown_choice_names_the_known_ones(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name}: found 'odd', expected .* or "):
        BuildOptions(**{"window_frames": 10, name: "odd"})


@pytest.mark.parametrize(
    ("streams", "layout", "reason"), [(3, "tall", "found 3, expected 1, 2, 4 or 8"), (2, "wide", "expected tall")]
)
def test_streams_that_cannot_be_are_refused(streams: int, layout: str, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        BuildOptions(window_frames=10, streams=streams, layout=layout)


@pytest.mark.parametrize("norm", ["gLN", "fgLN", "cLN", "bN"])
def test_a_column_does_not_hear_its_neighbours(norm: str) -> None:
    spec = small_spec(norm_type=norm)
    weights = random_reference(spec).state_dict()
    net = HailoTasNet(spec, weights, BuildOptions(window_frames=100, streams=4)).eval()
    clips = speech_clip(4 * net.contract.window_samples, 8000).reshape(4, -1)
    before = separate_windows(net, clips)
    clips[[0, 1, 3]] = 1e3 * clips[[3, 0, 1]]
    np.testing.assert_array_equal(separate_windows(net, clips)[2], before[2])


def test_slopes_of_one_cost_no_layer() -> None:
    spec = small_spec()
    reference = random_reference(spec)
    weights = reference.state_dict()
    weights["masker.TCN.0.shared_block.4.weight"] = torch.ones(1)
    block = HailoTasNet(spec, weights, BuildOptions(window_frames=100)).get_submodule("tcn_00")
    assert block.depthwise_activation is None
    assert block.expand_activation is not None


def test_reflection_has_no_form_on_the_chip() -> None:
    spec = small_spec(conv_padding="reflect")
    weights = random_reference(spec).state_dict()
    with pytest.raises(OptionError, match=r"conv_padding: found reflect.*--zero-padding"):
        HailoTasNet(spec, weights, BuildOptions(window_frames=100))
