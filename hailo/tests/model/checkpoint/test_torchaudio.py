"""Genuine torchaudio against our reading of it.

The package can't be imported beside a CPU-only torch (its library needs CUDA's), but its network's one file needs
torch alone: it is found through the installed distribution and loaded by itself.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import Checkpoint, from_module, load_checkpoint
from tests.asteroid_oracle import randomise
from tests.model.checkpoint.comparison import assert_same_waveforms, speech_like

SMALL: dict[str, Any] = {
    "num_sources": 2,
    "enc_num_feats": 16,
    "msk_num_feats": 8,
    "msk_num_hidden_feats": 12,
    "msk_num_layers": 3,
    "msk_num_stacks": 2,
}
SETTINGS = {"n_blocks": 3}


def _conv_tasnet_file() -> Path:
    try:
        distribution = importlib.metadata.distribution("torchaudio")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the oracle is missing: pip install --no-deps torchaudio==2.11.0")
    return Path(str(distribution.locate_file("torchaudio/models/conv_tasnet.py")))


@pytest.fixture(scope="module")
def conv_tasnet() -> Any:
    spec = importlib.util.spec_from_file_location("torchaudio_conv_tasnet", _conv_tasnet_file())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _network(conv_tasnet: Any, **options: object) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net: torch.nn.Module = conv_tasnet.ConvTasNet(**{**SMALL, **options})
        randomise(net)
    return net.eval()


def _assert_equals_original(checkpoint: Checkpoint, net: torch.nn.Module, samples: int) -> None:
    clip = speech_like(samples)
    with torch.no_grad():
        expected = net(clip[:, None])
        assert_same_waveforms(checkpoint.reference()(clip), expected, at_least_db=100)


@pytest.mark.slow
@pytest.mark.parametrize("samples", [1000, 1001, 1013])
@pytest.mark.parametrize("kernel", [16, 15, 2])
@pytest.mark.parametrize("mask", ["sigmoid", "relu"])
def test_equals_torchaudio(conv_tasnet: Any, samples: int, kernel: int, mask: str, tmp_path: Path) -> None:
    net = _network(conv_tasnet, enc_kernel_size=kernel, msk_activate=mask)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    loaded = load_checkpoint(tmp_path / "net.pt", {**SETTINGS, "mask_act": mask})
    assert loaded.spec.encoder_padding == loaded.spec.stride == kernel // 2
    _assert_equals_original(loaded, net, samples)
    _assert_equals_original(from_module(net, SETTINGS), net, samples)


@pytest.mark.slow
@pytest.mark.parametrize("sources", [1, 3])
def test_sources_are_counted(conv_tasnet: Any, sources: int) -> None:
    net = _network(conv_tasnet, num_sources=sources)
    _assert_equals_original(from_module(net, SETTINGS), net, 1013)


def test_what_its_weights_do_not_show_is_asked_for(conv_tasnet: Any, tmp_path: Path) -> None:
    net = _network(conv_tasnet, msk_num_layers=8, msk_num_stacks=1)
    path = tmp_path / "net.pt"
    torch.save({"state_dict": net.state_dict()}, path)
    with pytest.raises(CheckpointError, match=r"mask_act: .*--set mask_act=relu .*; n_blocks: --set n_blocks=8"):
        load_checkpoint(path)
    checkpoint = load_checkpoint(path, assume=True)
    noted = {note.split(":")[0] for note in checkpoint.notes}
    assert {"n_blocks", "mask_act", "sample_rate"} <= noted
    assert "stride" not in noted
    assert any("residual convolution" in note and "zeros" in note for note in checkpoint.notes)


@pytest.mark.parametrize("key", ["hyper_parameters", "args"])
def test_its_own_names_are_read(conv_tasnet: Any, key: str, tmp_path: Path) -> None:
    net = _network(conv_tasnet, msk_activate="relu")
    options = {"msk_activate": "relu", "msk_num_layers": 3, "msk_num_stacks": 2, "sample_rate": 16000}
    torch.save({"state_dict": net.state_dict(), key: options}, tmp_path / "net.ckpt")
    spec = load_checkpoint(tmp_path / "net.ckpt").spec
    assert (spec.mask_act, spec.n_blocks, spec.n_repeats, spec.sample_rate) == ("relu", 3, 2, 16000)


def test_a_live_network_shows_its_dilations(conv_tasnet: Any) -> None:
    net = _network(conv_tasnet, msk_num_layers=4, msk_num_stacks=2, msk_activate="relu")
    spec = from_module(net).spec
    assert (spec.n_blocks, spec.n_repeats, spec.mask_act) == (4, 2, "relu")


def test_other_depthwise_kernels_are_refused(conv_tasnet: Any) -> None:
    with pytest.raises(CheckpointError, match="found a kernel of 5 taps, expected 3"):
        from_module(_network(conv_tasnet, msk_kernel_size=5), SETTINGS)
