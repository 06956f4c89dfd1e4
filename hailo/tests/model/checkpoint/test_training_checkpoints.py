"""Checkpoints without Asteroid's package: wrappers, prefixes, where options come from, what is assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.cli.options import parse_settings
from tasnet2hef.model.checkpoint import Checkpoint, from_module, load_checkpoint
from tasnet2hef.model.network.reference import ReferenceTasNet
from tests.model.checkpoint.small_nets import SMALL, saved, small_package, small_weights

SPEC = TasNetSpec.from_options(SMALL)
SETTINGS = {"n_blocks": 3, "mask_act": "relu"}
CONF: dict[str, Any] = {
    "data": {"task": "sep_clean", "sample_rate": 16000, "n_src": 2, "train_dir": "data/train"},
    "filterbank": {"n_filters": 16, "kernel_size": 16, "stride": 4},
    "masknet": {
        "n_blocks": 3,
        "n_repeats": 2,
        "mask_act": "relu",
        "bn_chan": 4,
        "norm_type": "cLN",
        "causal": None,
    },
    "optim": {"lr": 0.001, "optimizer": "adam"},
    "training": {"batch_size": 6},
}
FLAT_CONF = {f"{section}_{name}": "None" if value is None else value
             for section, options in CONF.items() for name, value in options.items()}  # fmt: skip


def _prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: tensor for key, tensor in small_weights().items()}


def _assert_same_weights(checkpoint: Checkpoint, expected: Mapping[str, torch.Tensor]) -> None:
    assert checkpoint.weights.keys() == expected.keys()
    assert all(torch.equal(checkpoint.weights[key], tensor) for key, tensor in expected.items())


@pytest.mark.slow
@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model", "net", None])
@pytest.mark.parametrize("prefix", ["", "model.", "module.", "_orig_mod.", "model.module.", "model._orig_mod."])
def test_wrappers_and_prefixes(wrapper: str | None, prefix: str, tmp_path: Path) -> None:
    state = _prefixed(prefix)
    content = {wrapper: state, "epoch": 3} if wrapper else state
    checkpoint = load_checkpoint(saved(content, tmp_path / "net.ckpt"), SETTINGS)
    assert checkpoint.spec == SPEC
    _assert_same_weights(checkpoint, small_weights())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".tar", ".pth.tar", ""])
@pytest.mark.parametrize("zipped", [True, False])
def test_any_suffix_and_the_older_file_form(suffix: str, zipped: bool, tmp_path: Path) -> None:
    torch.save(small_weights(), tmp_path / f"net{suffix}", _use_new_zipfile_serialization=zipped)
    assert load_checkpoint(tmp_path / f"net{suffix}", SETTINGS).spec == SPEC


def _conf_file(folder: Path) -> Path:
    (folder / "conf.yml").write_text(yaml.safe_dump(CONF))
    return saved({"state_dict": _prefixed("model.")}, folder / "best.ckpt")


def _conf_above(folder: Path) -> Path:
    (folder / "conf.yml").write_text(yaml.safe_dump(CONF))
    (folder / "checkpoints").mkdir()
    return saved({"state_dict": _prefixed("model.")}, folder / "checkpoints" / "epoch=1.ckpt")


def _training_config(folder: Path) -> Path:
    return saved({"state_dict": _prefixed("model."), "training_config": CONF}, folder / "best.ckpt")


def _hyper_parameters(folder: Path) -> Path:
    return saved({"state_dict": _prefixed("model."), "hyper_parameters": FLAT_CONF}, folder / "best.ckpt")


@pytest.mark.parametrize("make", [_conf_file, _conf_above, _training_config, _hyper_parameters])
def test_options_of_a_recipe(make: Callable[[Path], Path], tmp_path: Path) -> None:
    spec = load_checkpoint(make(tmp_path)).spec
    assert (spec.sample_rate, spec.stride, spec.mask_act, spec.norm_type) == (16000, 4, "relu", "cLN")
    assert (spec.n_blocks, spec.n_repeats, spec.causal) == (3, 2, False)


def test_settings_win_and_it_is_noted(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(_conf_file(tmp_path), {"stride": 8, "mask_act": None})
    assert (checkpoint.spec.stride, checkpoint.spec.mask_act) == (8, "relu")
    assert "stride: 8 as given, instead of 4 in the conf.yml beside it" in checkpoint.notes


@pytest.mark.parametrize(
    ("options", "blocks", "asked"),
    [
        ({}, {"n_blocks": 3, "n_repeats": 2}, ["mask_act=sigmoid", "mask_act=relu"]),
        (
            {},
            {"n_blocks": 8, "n_repeats": 3},
            ["mask_act=relu", "n_blocks=8", "n_blocks=6", "n_blocks=12", "n_blocks=4"],
        ),
        ({}, {"n_blocks": 4, "n_repeats": 2}, ["mask_act=relu", "n_blocks=8", "n_blocks=4"]),
        ({"causal": True}, {"n_blocks": 3, "n_repeats": 2}, ["mask_act=relu", "norm_type=cLN", "norm_type=gLN"]),
    ],
)
def test_what_decides_the_numbers_is_asked_for(
    options: dict[str, object], blocks: dict[str, object], asked: list[str], tmp_path: Path
) -> None:
    path = saved(small_weights(**options, **blocks), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match="what decides the numbers is not stored") as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert all(f"--set {flag}" in message for flag in asked)
    assert message.count("--set") == len({"mask_act=sigmoid", *asked})
    assert "or --assume for mask_act=sigmoid" in message


@pytest.mark.parametrize("word", ["none", "None"])
def test_none_is_an_answer(word: str, tmp_path: Path) -> None:
    path = saved(small_weights(), tmp_path / "net.pt")
    settings = parse_settings([f"mask_act={word}", f"encoder_activation={word}", "n_blocks=3"])
    spec = load_checkpoint(path, settings).spec
    assert (spec.mask_act, spec.encoder_activation) == ("linear", "linear")
    weights = small_weights()
    weights["decoder.filterbank._filters"] = weights["encoder.filterbank._filters"]
    path = saved(weights, tmp_path / "shared.pt")
    assert load_checkpoint(path, {**SETTINGS, **parse_settings([f"who_is_pinv={word}"])}).spec == SPEC


def test_assumptions_are_taken_when_asked_for(tmp_path: Path) -> None:
    path = saved(small_weights(n_blocks=8, n_repeats=3), tmp_path / "net.pt")
    checkpoint = load_checkpoint(path, assume=True)
    assert (checkpoint.spec.mask_act, checkpoint.spec.n_blocks) == ("sigmoid", 8)
    notes = {note.split(":")[0]: note for note in checkpoint.notes}
    assert notes.keys() == {"n_blocks", "norm_type", "sample_rate", "encoder_activation", "mask_act", "stride"}
    assert all("--assume" in notes[name] for name in ("mask_act", "n_blocks"))
    assert all("set " in notes[name] for name in ("norm_type", "sample_rate", "encoder_activation", "stride"))
    assert load_checkpoint(path, {"mask_act": "relu"}, assume=True).spec.mask_act == "relu"


def test_what_the_user_says_is_never_overridden(tmp_path: Path) -> None:
    path = saved(small_weights(causal=True), tmp_path / "net.pt")
    assert load_checkpoint(path, {**SETTINGS, "norm_type": "gLN"}).spec.norm_type == "gLN"


def test_a_recipe_does_not_say_which_norm_a_causal_net_has(tmp_path: Path) -> None:
    conf = {**CONF, "masknet": {**CONF["masknet"], "norm_type": "gLN", "causal": True}}
    content = {"state_dict": small_weights(causal=True), "hyper_parameters": conf}
    path = saved(content, tmp_path / "net.ckpt")
    with pytest.raises(CheckpointError, match=r"norm_type: --set norm_type=cLN .* or --set norm_type=gLN"):
        load_checkpoint(path)
    assert load_checkpoint(path, {"norm_type": "cLN"}).spec.norm_type == "cLN"


def test_the_months_of_another_default_are_asked_about(tmp_path: Path) -> None:
    content = {"state_dict": small_weights(), "hyper_parameters": CONF, "pytorch-lightning_version": "0.9.0"}
    with pytest.raises(CheckpointError, match="encoder_activation: --set encoder_activation=relu"):
        load_checkpoint(saved(content, tmp_path / "net.ckpt"))
    content["pytorch-lightning_version"] = "1.9.0"
    assert load_checkpoint(saved(content, tmp_path / "net.ckpt")).spec.encoder_activation == "linear"


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"causal": True, "norm_type": "cLN"},
        {"norm_type": "bN"},
        {"skip_chan": 0},
        {"out_chan": 1, "n_src": 3},
        {"conv_kernel_size": 5, "n_src": 4},
        {"mask_act": "prelu", "encoder_activation": "prelu"},
    ],
)
def test_shapes_show_the_rest(options: dict[str, object], tmp_path: Path) -> None:
    path = saved(small_weights(**options), tmp_path / "net.pt")
    shown = () if "mask_act" in options else ("mask_act",)
    asked = ("norm_type",) if options.get("causal") else ()
    settings = {"n_blocks": 3} | {name: {**SMALL, **options}[name] for name in (*shown, *asked)}
    assert load_checkpoint(path, settings).spec == TasNetSpec.from_options({**SMALL, **options})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_src": 3}, "n_src: found 3 in the options given and 2 in the weights"),
        (
            {"n_filters": 32},
            "n_filters: found 32 in the options given, which makes 32 for free filters, and .16, 1, 16.",
        ),
        ({"kernel_size": 20}, "kernel_size: found 20 in the options given"),
        ({"bn_chan": 128}, "bn_chan: found 128 in the options given and 4 in the weights"),
        ({"hid_chan": 512}, "hid_chan: found 512 in the options given and 8 in the weights"),
        ({"skip_chan": 0}, "skip_chan: found 0 in the options given and 6 in the weights"),
        ({"conv_kernel_size": 5}, "conv_kernel_size: found 5 in the options given and 3 in the weights"),
        ({"causal": True}, "causal: found true in the options given and false in the weights"),
        ({"audio_channels": 2}, "audio_channels: found 2 in the options and 1 in the weights"),
        ({"out_chan": 1}, "out_chan: found 1 in the options given and 16 in the weights"),
        ({"n_blocks": 8}, "n_blocks=8 in the options given and 6 TCN blocks in the weights"),
        ({"n_blocks": 3, "n_repeats": 3}, "n_blocks=3 and n_repeats=3 in the options given and 6 TCN blocks"),
        ({"n_blocks": 0}, "n_blocks: found 0, expected a whole number"),
        ({"norm_type": "bN"}, "norm_type: found bN in the options and masker.TCN.0.shared_block.2.gamma in the"),
        ({"mask_act": "prelu"}, "1 of .* weights are missing, first masker.output_act.weight"),
        ({"mask_act": "mish"}, "mask_act: found 'mish', expected one of"),
        ({"stride": 40}, "stride: found 40, expected at most"),
        ({"fb_name": "fourier"}, "fb_name: found 'fourier', expected one of"),
        ({"fb_name": "scripting"}, "fb_name: found 'scripting', expected one of"),
        ({"fb_name": "stft", "n_filters": 16}, "which makes 18 for stft filters"),
        ({"fb_name": "param_sinc"}, "not the parameters of param_sinc filters"),
        ({"who_is_pinv": "both"}, "who_is_pinv: found 'both'"),
        ({"colour": 3}, "found the option 'colour', expected one of"),
        ({"stride": [8]}, "stride: found a list, expected a number"),
    ],
)
def test_contradictions_are_refused(options: dict[str, object], message: str, tmp_path: Path) -> None:
    settings = options if "n_blocks" in options or not options else {"n_blocks": 3, **options}
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(saved(small_weights(), tmp_path / "net.pt"), settings)
    assert "\n" not in str(caught.value)


def test_prelu_in_the_weights_contradicts_another_activation(tmp_path: Path) -> None:
    path = saved(small_weights(mask_act="prelu"), tmp_path / "net.pt")
    with pytest.raises(
        CheckpointError, match="mask_act: found relu in the options given and prelu in the weights"
    ):
        load_checkpoint(path, SETTINGS)


@pytest.mark.parametrize(
    ("prefix", "note"),
    [("model.", "left out 1 weights beside model, first loss_func.window"), ("", "dropped 1 entries of the loss")],
)
def test_loss_parameters_are_dropped_and_noted(prefix: str, note: str, tmp_path: Path) -> None:
    state = {**_prefixed(prefix), "loss_func.window": torch.ones(4)}
    checkpoint = load_checkpoint(saved({"state_dict": state}, tmp_path / "net.ckpt"), SETTINGS)
    assert any(note in each for each in checkpoint.notes)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_types_are_converted_and_noted(dtype: torch.dtype, tmp_path: Path) -> None:
    state = {key: tensor.to(dtype) for key, tensor in small_weights().items()}
    checkpoint = load_checkpoint(saved(state, tmp_path / "net.pt"), SETTINGS)
    assert {tensor.dtype for tensor in checkpoint.weights.values()} == {torch.float32}
    kind = str(dtype).removeprefix("torch.")
    assert any(f"{len(state)} weights converted from {kind} to float32" in note for note in checkpoint.notes)


def test_unused_last_residual_may_be_absent(tmp_path: Path) -> None:
    state = {key: tensor for key, tensor in small_weights().items() if "TCN.5.res_conv" not in key}
    checkpoint = load_checkpoint(saved(state, tmp_path / "net.pt"), SETTINGS)
    assert not checkpoint.weights["masker.TCN.5.res_conv.weight"].any()
    assert any("last block's residual convolution is absent" in note for note in checkpoint.notes)


def test_counters_of_batch_norms_may_be_absent(tmp_path: Path) -> None:
    weights = small_weights(norm_type="bN")
    state = {key: tensor for key, tensor in weights.items() if not key.endswith("num_batches_tracked")}
    assert load_checkpoint(saved(state, tmp_path / "net.pt"), SETTINGS).weights.keys() == weights.keys()


@pytest.mark.parametrize("norm", ["gLN", "cLN", "cgLN"])
def test_our_own_network_round_trips(norm: str, tmp_path: Path) -> None:
    spec = TasNetSpec.from_options({**SMALL, "causal": True, "norm_type": norm, "encoder_padding": 8})
    net = ReferenceTasNet(spec)
    checkpoint = from_module(net)
    assert (checkpoint.spec, checkpoint.notes) == (spec, ())
    path = saved({"spec": spec.as_dict(), "state_dict": checkpoint.weights}, tmp_path / "own.pt")
    again = load_checkpoint(path)
    assert (again.spec, again.notes) == (spec, ())
    _assert_same_weights(again, net.state_dict())


def test_foreign_options_are_ignored_and_noted(tmp_path: Path) -> None:
    package = small_package()
    package["model_args"]["favourite"] = {"any": "thing"}
    checkpoint = load_checkpoint(saved(package, tmp_path / "net.pth"))
    assert any("favourite: ignored" in note for note in checkpoint.notes)


def test_package_of_a_subclass_is_read_and_noted(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(saved({**small_package(), "model_name": "MyTasNet"}, tmp_path / "net.pth"))
    assert any("'MyTasNet'" in note for note in checkpoint.notes)
