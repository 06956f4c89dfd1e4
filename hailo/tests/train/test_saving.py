"""What is saved loads with plain values only, has Asteroid's options, and separates as before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.saving import load_network, save_atomically, serialize

ASTEROID_OPTIONS = (
    "fb_name n_filters kernel_size stride sample_rate in_chan out_chan bn_chan hid_chan skip_chan "
    "conv_kernel_size n_blocks n_repeats n_src norm_type mask_act causal encoder_activation"
)


def test_saved_network_separates_as_before(tiny_spec: TasNetSpec, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = ReferenceTasNet(tiny_spec)
    save_atomically(serialize(net), tmp_path / "net.pth")
    mixture = torch.randn(1, 803)
    with torch.no_grad():
        assert torch.equal(load_network(tmp_path / "net.pth")(mixture), net(mixture))
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def test_file_has_the_form_of_asteroid(tiny_spec: TasNetSpec, tmp_path: Path) -> None:
    save_atomically(serialize(ReferenceTasNet(tiny_spec)), tmp_path / "net.pth")
    content = torch.load(tmp_path / "net.pth", weights_only=True)
    assert set(content) == {"model_name", "state_dict", "model_args", "infos"}
    assert content["model_name"] == "ConvTasNet"
    assert set(content["model_args"]) == set(ASTEROID_OPTIONS.split())
    assert content["model_args"]["fb_name"] == "FreeFB"
    assert type(content["infos"]["software_versions"]["torch_version"]) is str


def test_refuses_another_file(tmp_path: Path) -> None:
    save_atomically({"weights": torch.zeros(1)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"found what looks like|found 1 weights|found no weights"):
        load_network(tmp_path / "net.pth")
