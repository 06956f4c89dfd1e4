"""The loaded network computes what the original does, for one clip and for a batch of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import tasnet2hef
from tasnet2hef.base.errors import AudioError, CheckpointError
from tests.asteroid_oracle import asteroid_conv_tasnet, needs_asteroid, serialized
from tests.model.checkpoint.comparison import assert_same_waveforms, speech_like
from tests.model.checkpoint.small_nets import SMALL, saved, small_package, small_weights

SETTINGS = {"n_blocks": 3, "mask_act": "relu", "sample_rate": 8000}


@pytest.mark.slow
@needs_asteroid
@pytest.mark.parametrize("options", [{}, {"norm_type": "cLN", "causal": True}, {"kernel_size": 20, "stride": 7}])
@pytest.mark.parametrize("samples", [1000, 1013])
def test_equals_asteroid(options: dict[str, Any], samples: int, tmp_path: Path) -> None:
    original = asteroid_conv_tasnet(**{**SMALL, "n_src": 3, **options})
    net = tasnet2hef.load(saved(serialized(original), tmp_path / "net.pth"))
    clips = speech_like(samples)
    with torch.no_grad():
        assert_same_waveforms(net(clips), original(clips), at_least_db=100)
        assert_same_waveforms(net(clips[0]), original(clips[0]), at_least_db=100)


def test_says_what_it_is(tmp_path: Path) -> None:
    net = tasnet2hef.load(str(saved(small_package(sample_rate=16000), tmp_path / "net.pth")))
    assert net.sample_rate == net.spec.sample_rate == 16000
    assert net.notes == ()
    assert not any(module.training for module in net.modules())


def test_settings_say_what_the_file_does_not(tmp_path: Path) -> None:
    path = saved(small_weights(), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match=r"mask_act: --set mask_act=sigmoid .* or --set mask_act=relu"):
        tasnet2hef.load(path, {"n_blocks": 3})
    assumed = tasnet2hef.load(path, {"n_blocks": 3}, assume=True)
    assert any(note.startswith("mask_act: assumed sigmoid") for note in assumed.notes)
    net = tasnet2hef.load(path, SETTINGS)
    assert net.spec.mask_act == "relu"
    assert not any(note.startswith(("mask_act", "n_blocks", "sample_rate")) for note in net.notes)


@pytest.mark.parametrize("padding", [0, 8])
def test_a_clip_alone_and_in_a_batch(padding: int, tmp_path: Path) -> None:
    content = {"spec": tasnet2hef.load(_file(tmp_path)).spec.as_dict() | {"encoder_padding": padding}}
    net = tasnet2hef.load(saved({**content, "state_dict": small_weights()}, tmp_path / "own.pt"))
    clips = speech_like(1013)
    with torch.no_grad():
        together, alone = net(clips), net(clips[0])
    assert together.shape == (2, 2, 1013)
    assert_same_waveforms(alone, together[0], at_least_db=100)


@pytest.mark.parametrize("shape", [(), (0,), (2, 1, 400), (0, 400)])
def test_other_shapes_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    net = tasnet2hef.load(_file(tmp_path))
    with pytest.raises(AudioError, match=r"mixture: found shape \[.*expected \[sample\] or \[batch, sample\]"):
        net(torch.zeros(shape))


def test_less_than_a_frame_is_refused(tmp_path: Path) -> None:
    net = tasnet2hef.load(_file(tmp_path))
    with pytest.raises(AudioError, match="mixture: found 15 samples, expected at least 16"):
        net(torch.zeros(15))
    assert net(torch.zeros(16)).shape == (2, 16)


def _file(folder: Path) -> Path:
    return saved(small_package(), folder / "net.pth")
