"""Files of other implementations are read as the net they were made of: names, options, folders, questions."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tests.model.checkpoint.foreign_files import (
    espnet_experiment,
    kaituoxu_package,
    naplab_weights,
    spec_of,
    speechbrain_experiment,
)
from tests.model.checkpoint.small_nets import saved
from tests.random_weights import random_reference

EPS = 1.1920928955078125e-07


def _without_biases(spec: TasNetSpec) -> dict[str, torch.Tensor]:
    weights = dict(random_reference(spec).state_dict())
    for name in weights:
        is_conv = name.removesuffix("bias") + "weight" in weights and name.endswith("bias")
        if is_conv and weights[name.removesuffix("bias") + "weight"].ndim == 3:
            weights[name] = torch.zeros_like(weights[name])
    return weights


def _assert_is(checkpoint: Checkpoint, spec: TasNetSpec, weights: dict[str, torch.Tensor] | None = None) -> None:
    assert checkpoint.spec == spec
    expected = _without_biases(spec) if weights is None else weights
    assert checkpoint.weights.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(checkpoint.weights[name], tensor), name


@pytest.mark.parametrize(
    "options",
    [{}, {"mask_act": "softmax"}, {"norm_type": "cLN", "causal": True}, {"norm_type": "bN"}, {"n_src": 3}],
    ids=str,
)
def test_kaituoxu(options: dict[str, Any], tmp_path: Path) -> None:
    spec = spec_of(**options)
    path = saved(kaituoxu_package(spec), tmp_path / "final.pth.tar")
    _assert_is(load_checkpoint(path), spec)


def _demucs_class(monkeypatch: pytest.MonkeyPatch) -> type:
    """Return a class that pickles as Demucs v2's, which is not installed when its file is read."""
    made = type("ConvTasNet", (), {"__module__": "demucs.tasnet"})
    for name in ("demucs", "demucs.tasnet"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(sys.modules["demucs.tasnet"], "ConvTasNet", made, raising=False)
    return made


@pytest.mark.parametrize("args", [(["speech", "noise"],), (2,)])
def test_demucs_says_its_class(args: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of(sample_rate=44100)
    package = kaituoxu_package(spec)
    kwargs = {name: package[name] for name in "NLBHPXR"} | {"audio_channels": 1, "samplerate": 44100}
    content = {"klass": _demucs_class(monkeypatch), "args": args, "kwargs": kwargs, "state": package["state_dict"]}
    path = saved(content, tmp_path / "tasnet.th")
    monkeypatch.undo()
    checkpoint = load_checkpoint(path)
    _assert_is(checkpoint, spec)
    assert any("Demucs feeds" in note for note in checkpoint.notes)


def test_a_bare_state_dict_of_kaituoxu_is_a_question(tmp_path: Path) -> None:
    path = saved(kaituoxu_package(spec_of())["state_dict"], tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"--set mask_act=relu .* or --set mask_act=softmax.*norm_type=gLN"):
        load_checkpoint(path)
    assert load_checkpoint(path, {"mask_act": "softmax", "norm_type": "cLN"}).spec.norm_type == "cLN"


@pytest.mark.parametrize(
    "options",
    [{}, {"norm_type": "cLN", "causal": True}, {"norm_type": "bN"}, {"stride": 5}, {"mask_act": "tanh"}],
    ids=str,
)
def test_espnet(options: dict[str, Any], tmp_path: Path) -> None:
    spec = spec_of(**options, norm_eps=EPS, bottleneck_norm_eps=EPS)
    _assert_is(load_checkpoint(espnet_experiment(tmp_path / "exp", spec)), spec)


def _changed(path: Path, **changes: object) -> None:
    conf = yaml.safe_load(path.read_text())
    conf["separator_conf"] |= changes
    path.write_text(yaml.safe_dump(conf))


def test_espnet_options_that_change_the_net(tmp_path: Path) -> None:
    weights = espnet_experiment(tmp_path / "exp", spec_of(norm_eps=EPS, bottleneck_norm_eps=EPS))
    conf = tmp_path / "exp" / "config.yaml"
    _changed(conf, predict_noise=True, num_spk=1)
    assert load_checkpoint(weights).spec.n_src == 1
    _changed(conf, masking=False)
    with pytest.raises(CheckpointError, match="masking: found false"):
        load_checkpoint(weights)


def test_espnet_with_an_activation_before_the_masks(tmp_path: Path) -> None:
    weights = espnet_experiment(tmp_path / "exp", spec_of(norm_eps=EPS, bottleneck_norm_eps=EPS))
    state = torch.load(weights)
    state["separator.tcn.network.4.weight"] = state.pop("separator.tcn.network.3.weight")
    torch.save(state, weights)
    _changed(tmp_path / "exp" / "config.yaml", pre_mask_nonlinear="relu")
    assert load_checkpoint(weights).spec.mask_input_act == "relu"
    (tmp_path / "exp" / "config.yaml").unlink()
    with pytest.raises(CheckpointError, match="mask_input_act: --set mask_input_act=relu or"):
        load_checkpoint(weights, {"mask_act": "relu"})
    state["separator.tcn.network.3.weight"] = torch.tensor([0.2])
    torch.save(state, weights)
    assert load_checkpoint(weights, {"mask_act": "relu"}).spec.mask_input_act == "prelu"


def test_speechbrain_without_a_causal_net(tmp_path: Path) -> None:
    spec = spec_of(softmax_over="features", conv_padding="reflect", mask_act="softmax")
    folder = speechbrain_experiment(tmp_path / "exp", spec)
    _assert_is(load_checkpoint(folder), spec)
    _assert_is(load_checkpoint(next(folder.iterdir())), spec)


@pytest.mark.parametrize("norm", ["gLN", "cLN"])
def test_speechbrain_delays_a_causal_net(norm: str, tmp_path: Path) -> None:
    spec = spec_of(softmax_over="features", causal=True, norm_type=norm)
    checkpoint = load_checkpoint(speechbrain_experiment(tmp_path / "exp", spec))
    assert checkpoint.spec == replace(spec, conv_kernel_size=4)
    taps = checkpoint.weights["masker.TCN.1.shared_block.3.0.weight"]
    assert torch.equal(taps[..., :3], _without_biases(spec)["masker.TCN.1.shared_block.3.0.weight"])
    assert not taps[..., 3].any()


def test_speechbrain_parts_belong_together(tmp_path: Path) -> None:
    folder = speechbrain_experiment(tmp_path / "exp", spec_of())
    (parts,) = folder.iterdir()
    for part in ("encoder", "masknet", "decoder"):
        with pytest.raises(CheckpointError, match=rf"found the {part} of a SpeechBrain .*give the folder"):
            load_checkpoint(parts / f"{part}.ckpt")
    (parts / "decoder.ckpt").rename(parts / "other.ckpt")
    with pytest.raises(CheckpointError, match=r"masknet.ckpt without decoder.ckpt, expected all three"):
        load_checkpoint(folder)
    (parts / "other.ckpt").rename(parts / "decoder.ckpt")
    second = parts.with_name("CKPT+2024-01-02+00-00-00+00")
    second.mkdir()
    for part in parts.iterdir():
        (second / part.name).write_bytes(part.read_bytes())
    with pytest.raises(CheckpointError, match="found 2 checkpoints of SpeechBrain"):
        load_checkpoint(folder)


def test_speechbrain_without_its_options_is_a_question(tmp_path: Path) -> None:
    folder = speechbrain_experiment(tmp_path / "exp", spec_of())
    (tmp_path / "exp" / "hyperparams.yaml").unlink()
    with pytest.raises(CheckpointError, match=r"mask_act: .*; norm_type: .*; causal: --set causal=true"):
        load_checkpoint(folder)
    answers = {"mask_act": "relu", "norm_type": "gLN"}
    assert load_checkpoint(folder, {**answers, "causal": False}).spec.conv_padding == "reflect"
    assert load_checkpoint(folder, {**answers, "causal": True}).spec.conv_kernel_size == 4
    assert load_checkpoint(folder, assume=True).spec.causal


@pytest.mark.parametrize(("blocks", "asked"), [((3, 2), False), ((8, 3), True)])
def test_naplab(blocks: tuple[int, int], asked: bool, tmp_path: Path) -> None:
    stack = {"n_blocks": blocks[0], "n_repeats": blocks[1]}
    rest = {
        "encoder_activation": "linear",
        "mask_act": "sigmoid",
        "bottleneck_norm": "",
        "mask_input_act": "prelu",
    }
    padded = {"skip_chan": 6, "encoder_padding": 8, "alignment": "window", "sample_rate": 16000}
    spec = spec_of(**stack, **rest, **padded)
    path = saved(naplab_weights(spec), tmp_path / "net.pt")
    if asked:
        with pytest.raises(CheckpointError, match=r"n_blocks: --set n_blocks=8 \(3 repeats\) or --set n_blocks=6"):
            load_checkpoint(path)
    settings = {"n_blocks": 8} if asked else {}
    _assert_is(load_checkpoint(path, settings), spec, dict(random_reference(spec).state_dict()))


def test_cumulative_norms_are_refused(tmp_path: Path) -> None:
    spec = spec_of(skip_chan=6, bottleneck_norm="", mask_input_act="prelu")
    state = naplab_weights(spec)
    state["TCN.LN.gain"] = state.pop("TCN.LN.weight")
    path = saved(state, tmp_path / "net.pt")
    with pytest.raises(
        CheckpointError, match=r"TCN.LN.gain: found cumulative norms .*freeze. and --set norm_type"
    ):
        load_checkpoint(path)
    assert load_checkpoint(path, {"norm_type": "cgLN"}).spec.norm_type == "cgLN"
