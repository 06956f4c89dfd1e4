"""Genuine Asteroid against our reading of it: live, and through the file that its serialize() makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import Checkpoint, from_module, load_checkpoint
from tests.asteroid_oracle import asteroid_conv_tasnet, needs_asteroid, serialized
from tests.model.checkpoint.comparison import assert_same_waveforms, speech_like

pytestmark = needs_asteroid

SMALL: dict[str, Any] = {
    "n_src": 2,
    "n_filters": 16,
    "bn_chan": 8,
    "hid_chan": 12,
    "skip_chan": 6,
    "n_blocks": 3,
    "n_repeats": 2,
}
MASKS = ("linear", "relu", "prelu", "leaky_relu", "sigmoid", "softmax", "tanh", "gelu", "swish")
ENCODERS = (None, "relu", "prelu", "leaky_relu", "sigmoid", "tanh", "gelu", "swish")
CASES: list[dict[str, Any]] = [
    *({"n_src": n_src} for n_src in range(1, 6)),
    *({"kernel_size": kernel, "stride": stride} for kernel, stride in
      ((16, 16), (16, 4), (16, 5), (15, 7), (32, 16), (20, 10), (2, 1), (16, None))),
    *({"mask_act": name} for name in MASKS),
    {"mask_act": "softmax", "n_src": 3},
    *({"encoder_activation": name} for name in ENCODERS),
    *({"skip_chan": channels} for channels in (0, None, 13)),
    *({"norm_type": norm} for norm in ("gLN", "fgLN", "cLN", "cgLN", "bN", "GlobLN", "BatchNorm")),
    *({"causal": True, "norm_type": norm} for norm in ("gLN", "cLN", "cgLN")),
    {"causal": True, "conv_kernel_size": 4, "norm_type": "cLN"},
    {"causal": True, "conv_kernel_size": 2, "norm_type": "cgLN", "skip_chan": 0},
    *({"out_chan": 1, "n_src": n_src} for n_src in (1, 3)),
    *({"conv_kernel_size": taps} for taps in (1, 5)),
    {"n_blocks": 1, "n_repeats": 1},
    {"n_blocks": 5, "n_repeats": 1, "sample_rate": 16000},
    {"norm_type": "bN", "causal": False, "mask_act": "prelu", "encoder_activation": "prelu", "skip_chan": 0},
    {"fb_name": "analytic_free"},
    {"fb_name": "analytic_free", "kernel_size": 15},
    {"fb_name": "param_sinc"},
    {"fb_name": "param_sinc", "kernel_size": 17, "stride": None, "min_low_hz": 30, "min_band_hz": 80},
    {"fb_name": "stft"},
    {"fb_name": "stft", "n_filters": 32, "kernel_size": 20, "stride": 10},
]  # fmt: skip


def _name(case: dict[str, Any]) -> str:
    return ",".join(f"{name}={value}" for name, value in case.items())


def _assert_equals_original(checkpoint: Checkpoint, original: torch.nn.Module) -> None:
    clip = speech_like(1013)
    with torch.no_grad():
        expected = original(clip)
        assert_same_waveforms(checkpoint.reference()(clip), expected, at_least_db=100)


def _package_file(net: torch.nn.Module, folder: Path) -> Path:
    path = folder / "model.pth"
    torch.save(serialized(net), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=_name)
def test_equals_asteroid(case: dict[str, Any], tmp_path: Path) -> None:
    net = asteroid_conv_tasnet(**{**SMALL, **case})
    settings = {"who_is_pinv": "none"} if case.get("fb_name") == "stft" else {}
    live, loaded = from_module(net), load_checkpoint(_package_file(net, tmp_path), settings)
    assert live.spec == loaded.spec
    assert list(loaded.weights) == list(loaded.reference().state_dict())
    _assert_equals_original(live, net)
    _assert_equals_original(loaded, net)


@pytest.mark.slow
def test_default_network_is_loaded_whole(tmp_path: Path) -> None:
    net = asteroid_conv_tasnet(n_src=2)
    checkpoint = load_checkpoint(_package_file(net, tmp_path))
    assert sum(tensor.numel() for tensor in checkpoint.weights.values()) == 5_050_545
    _assert_equals_original(checkpoint, net)


@pytest.mark.slow
@pytest.mark.parametrize("bank", ["encoder", "decoder"])
@pytest.mark.parametrize("family", ["free", "analytic_free", "param_sinc", "stft"])
def test_pseudo_inverse_bank(bank: str, family: str, tmp_path: Path) -> None:
    net = asteroid_conv_tasnet(**SMALL, fb_name=family, who_is_pinv=bank)
    _assert_equals_original(from_module(net), net)
    path = _package_file(net, tmp_path)
    _assert_equals_original(load_checkpoint(path, {"who_is_pinv": bank}), net)
    with pytest.raises(
        CheckpointError, match=r"equal filters in encoder and decoder.*--set who_is_pinv=none, enc"
    ):
        load_checkpoint(path)
    if family in ("stft", "param_sinc"):  # equal at the start of training
        assert any("who_is_pinv: assumed none" in note for note in load_checkpoint(path, assume=True).notes)


def test_padded_filterbank_is_refused() -> None:
    net = asteroid_conv_tasnet(**SMALL, padding=4)
    with pytest.raises(CheckpointError, match="padding: found 4, expected 0"):
        from_module(net)


def test_torch_stft_is_refused_by_name() -> None:
    net = asteroid_conv_tasnet(**SMALL, fb_name="torch_stft")
    with pytest.raises(CheckpointError, match="TorchSTFTFB, which is more than a convolution"):
        from_module(net)


def test_a_package_says_which_norm_its_causal_net_has(tmp_path: Path) -> None:
    net = asteroid_conv_tasnet(**SMALL, causal=True, norm_type="gLN")
    assert (
        load_checkpoint(_package_file(net, tmp_path)).spec.norm_type == "cLN"
    )  # Asteroid 0.5.2 and later build that
    package = serialized(net)
    package["model_args"]["norm_type"] = "gLN"  # Asteroid 0.4.5 to 0.5.1 built what was asked for
    torch.save(package, tmp_path / "older.pth")
    checkpoint = load_checkpoint(tmp_path / "older.pth")
    assert (checkpoint.spec.norm_type, checkpoint.notes) == ("gLN", ())


def test_packages_of_older_versions(tmp_path: Path) -> None:
    net = asteroid_conv_tasnet(**SMALL)
    package = serialized(net)
    for name in ("causal", "encoder_activation", "sample_rate"):
        del package["model_args"][name]
    torch.save(package, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    checkpoint = load_checkpoint(tmp_path / "old.pth")
    assert [note.split(":")[0] for note in checkpoint.notes] == ["sample_rate"]
    _assert_equals_original(checkpoint, net)


def test_live_weights_are_copied() -> None:
    net = asteroid_conv_tasnet(**SMALL)
    checkpoint = from_module(net)
    before = checkpoint.weights["masker.bottleneck.1.weight"].clone()
    with torch.no_grad():
        net.get_parameter("masker.bottleneck.1.weight").zero_()
    assert torch.equal(checkpoint.weights["masker.bottleneck.1.weight"], before)
    assert not any(tensor.requires_grad for tensor in checkpoint.weights.values())


def test_wrapped_live_networks() -> None:
    net = asteroid_conv_tasnet(**SMALL, mask_act="relu")
    system = torch.nn.Module()
    system.model = torch.nn.DataParallel(net)
    assert from_module(system).spec == from_module(net).spec


def test_vadnet_is_refused(tmp_path: Path) -> None:
    package = serialized(asteroid_conv_tasnet(**SMALL))
    torch.save({**package, "model_name": "VADNet"}, tmp_path / "vad.pth")
    with pytest.raises(CheckpointError, match="found a VADNet, expected a ConvTasNet"):
        load_checkpoint(tmp_path / "vad.pth")
