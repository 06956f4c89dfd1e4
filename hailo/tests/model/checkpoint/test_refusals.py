"""Everything that is no usable checkpoint is refused with one line that says what was found."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import from_module, load_checkpoint
from tests.model.checkpoint.small_nets import SMALL, saved, small_package, small_weights

SETTINGS = {"n_blocks": 3}
KEY = "masker.TCN.1.skip_conv.weight"


def _refusal(location: Path | str, options: dict[str, object] | None = None) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(location, options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(location) in message
    assert len(message) < 600
    return message


def _written(content: bytes, path: Path) -> Path:
    path.write_bytes(content)
    return path


def _zip(names: list[str], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"0")
    return path


def _onnx(path: Path) -> Path:
    graph = onnx.helper.make_graph([], "empty", [], [])
    onnx.save(onnx.helper.make_model(graph, producer_name="pytorch"), path)
    return path


def _torchscript(path: Path) -> Path:
    class Double(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of torch call TorchScript deprecated
        torch.jit.save(torch.jit.script(Double()), path)
    return path


def _tar(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("model.hn"), io.BytesIO())
    return path


def _truncated(path: Path) -> Path:
    whole = saved(small_package(), path).read_bytes()
    return _written(whole[: len(whole) // 2], path)


def _with_a_wrong_checksum(path: Path) -> Path:
    content = bytearray(saved(small_package(), path).read_bytes())
    place = content.index(small_weights()[KEY].numpy().tobytes()) + 5
    content[place] ^= 1
    return _written(bytes(content), path)


def _npz(path: Path) -> Path:
    np.savez(path, weights=np.zeros(3))
    return path


FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing.pth": (lambda path: path, "found nothing there"),
    "empty.pth": (lambda path: _written(b"", path), "an empty file"),
    "truncated.pth": (_truncated, "damaged"),
    "random.pth": (lambda path: _written(np.random.default_rng(5).bytes(4096), path), "unknown bytes"),
    "text.pth": (lambda path: _written(b"epoch 1 loss -12.3\n" * 9, path), "a text file"),
    "pointer.bin": (lambda path: _written(b"version https://git-lfs.github.com/spec/v1\n", path), "git lfs pull"),
    "page.pth": (lambda path: _written(b"<!DOCTYPE html><html>", path), "a web page"),
    "no_pickle.zip": (lambda path: _zip(["readme.txt"], path), "a zip archive without a pickle"),
    "empty.zip": (lambda path: _written(b"PK\x05\x06" + bytes(18), path), "expected a checkpoint"),
    "array.npz": (_npz, "a NumPy archive"),
    "net.onnx": (_onnx, "an ONNX file"),
    "renamed_onnx.pth": (_onnx, "an ONNX file"),
    "script.pt": (_torchscript, "a TorchScript archive"),
    "net.hef": (lambda path: _written(b"\x01HEF" + bytes(64), path), "a HEF"),
    "net.har": (_tar, "a tar archive"),
    "net.h5": (lambda path: _written(b"\x89HDF\r\n\x1a\n", path), "HDF5"),
    "speech.wav": (lambda path: _written(b"RIFF....WAVEfmt ", path), "a WAV file"),
    "pickle.pth": (lambda path: _written(pickle.dumps({"a": 1}), path), "found no weights (a)"),
    "list.pth": (lambda path: saved([torch.ones(2)], path), "found no weights (a list)"),
    "tensor.pth": (lambda path: saved(torch.ones(2), path), "found no weights (a Tensor)"),
    "nothing.pth": (lambda path: saved({}, path), "found no weights"),
    "epoch.pth": (lambda path: saved({"epoch": 3, "lr": 0.1}, path), "found no weights (epoch, lr)"),
    "module.pth": (lambda path: saved(nn.Linear(2, 2), path), "found 2 weights of no known separation net"),
    "wrong_checksum.pth": (_with_a_wrong_checksum, "has a wrong checksum"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_checkpoint(name: str, tmp_path: Path) -> None:
    make, expected = FILES[name]
    message = _refusal(make(tmp_path / name))
    assert expected in message


class _Trap:
    """Runs code when unpickled, were it allowed to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


class _SystemTrap(_Trap):
    """The same through a module that torch blocks by name, which it words differently."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_bare_pickle_is_not_run(protocol: int, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    content = pickle.dumps({"trap": _SystemTrap(sprung)}, protocol=protocol)
    (tmp_path / "trap.pth").write_bytes(content)
    assert ("found no weights (trap)" if protocol else "found") in _refusal(tmp_path / "trap.pth")
    assert not sprung.exists()


@pytest.mark.parametrize("trap", [_Trap, _SystemTrap])
@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_file_is_run(trap: type[_Trap], zipped: bool, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    content = {**small_package(), "trap": trap(sprung)}
    torch.save(content, tmp_path / "trap.pth", _use_new_zipfile_serialization=zipped)
    assert load_checkpoint(tmp_path / "trap.pth").spec.n_blocks == SMALL["n_blocks"]
    assert not sprung.exists()


OTHERS = {
    "masker.net.0.intra_RNN.rnn.weight_ih_l0": "DPRNN",
    "masker.layers.0.0.mha.in_proj_weight": "DPTNet",
    "masknet.dual_mdl.0.intra_mdl.mdl.layers.0.weight": "SepFormer",
    "encoder.0.0.weight": "Demucs",
    "crosstransformer.layers.0.norm1.weight": "Hybrid Demucs",
    "masker.encoders.0.conv.re_module.weight": "DCUNet",
    "masker.sm.0.proj_1x1.conv.weight": "SuDORMRF",
    "masker.0.rnn.weight_ih_l0": "LSTMTasNet",
    "encoder.layer.0.attention.self.query.weight": "a transformer",
    "layer1.0.conv1.weight": "ResNet",
    "layers.0.weight": "1 weights of no known separation net (model.layers.0.weight)",
}


@pytest.mark.parametrize("key", OTHERS)
def test_other_architectures_are_named(key: str, tmp_path: Path) -> None:
    message = _refusal(saved({"state_dict": {f"model.{key}": torch.ones(2)}}, tmp_path / "net.ckpt"))
    assert OTHERS[key] in message


def test_other_packages_of_asteroid_are_named(tmp_path: Path) -> None:
    package = {"model_name": "DPRNNTasNet", "model_args": {}, "state_dict": {"masker.net.0.x": torch.ones(2)}}
    assert "found a DPRNNTasNet" in _refusal(saved(package, tmp_path / "net.pth"))


def _without(key: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in small_weights().items() if name != key}


def _with(key: str, tensor: object) -> dict[str, Any]:
    return {**small_weights(), key: tensor}


STATES: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "shape": (lambda: _with(KEY, torch.ones(6, 9, 1)), f"{KEY}: found shape [6, 9, 1], expected [6, 8, 1]"),
    "axes": (lambda: _with("masker.mask_net.1.weight", torch.ones(3)), "found shape [3], expected 3 axes"),
    "filters": (lambda: _with("encoder.filterbank._filters", torch.ones(15, 1, 16)), "expected [16, 1, samples]"),
    "mask rows": (lambda: _with("masker.mask_net.1.weight", torch.ones(33, 6, 1)), "found 33 rows"),
    "slopes": (
        lambda: _with("masker.TCN.0.shared_block.1.weight", torch.ones(8)),
        "found shape [8], expected [1]",
    ),
    "missing": (lambda: _without(KEY), f"1 of 93 weights are missing, first {KEY}"),
    "missing encoder": (lambda: _without("encoder.filterbank._filters"), "encoder.filterbank._filters is missing"),
    "missing block": (
        lambda: {key: value for key, value in small_weights().items() if ".TCN.2." not in key},
        "without number 2",
    ),
    "unexpected": (lambda: _with("masker.extra", torch.ones(2)), "first masker.extra [2]"),
    "nan": (lambda: _with(KEY, torch.full((6, 8, 1), float("nan"))), f"{KEY}: found 48 of 48 values NaN"),
    "overflow": (lambda: _with(KEY, torch.full((6, 8, 1), 1e300, dtype=torch.float64)), "infinite in float32"),
    "integers": (lambda: _with(KEY, torch.ones(6, 8, 1, dtype=torch.int8)), f"{KEY}: found int8 values"),
    "complex": (lambda: _with(KEY, torch.ones(6, 8, 1, dtype=torch.complex64)), "found complex64 values"),
    "sparse": (lambda: _with(KEY, torch.ones(6, 8).to_sparse()), f"{KEY}: found a sparse tensor"),
    "expanded": (lambda: _with(KEY, torch.ones(1).expand(6, 8, 1)), "found 4 bytes for shape [6, 8, 1]"),
    "meta": (lambda: _with(KEY, torch.ones(6, 8, 1, device="meta")), f"{KEY}: found a meta (no values) tensor"),
    "not a tensor": (lambda: _with(KEY, "text"), f"1 of 93 weights are missing, first {KEY}"),
    "number as key": (lambda: {**small_weights(), 3: torch.ones(1)}, "first 3 [1]"),  # type: ignore[dict-item]
    "twice": (lambda: _with(f"module.{KEY}", torch.ones(6, 8, 1)), f"first module.{KEY} [6, 8, 1]"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("packed", [True, False])
def test_unusable_weights(name: str, packed: bool, tmp_path: Path) -> None:
    make, expected = STATES[name]
    content = {**small_package(), "state_dict": make()} if packed else make()
    path = saved(content, tmp_path / "net.pth")
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, None if packed else SETTINGS)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ({"n_src": 3}, "n_src: found 3 in its model_args and 2 in the weights"),
        ({"norm_type": "instance"}, "norm_type: found 'instance'"),
        ({"mask_act": ["relu"]}, "mask_act: found a list"),
        ({"sample_rate": 8000.5}, "sample_rate: found 8000.5"),
        ({"sample_rate": float("nan")}, "sample_rate: found nan"),
        ({"fb_name": "TorchSTFTFB"}, "more than a convolution (pre_analysis"),
        ({"fb_name": "MelGramFB"}, "more than a convolution (post_analysis)"),
        ({"n_blocks": 6}, "n_blocks=6 and n_repeats=2 in its model_args and 6 TCN blocks"),
        ({"stride": -1}, "stride: found -1"),
    ],
)
def test_packages_that_contradict_themselves(recorded: dict[str, Any], expected: str, tmp_path: Path) -> None:
    package = small_package()
    package["model_args"].update(recorded)
    assert expected in _refusal(saved(package, tmp_path / "net.pth"))


@pytest.mark.parametrize("conf", ["- a\n- list\n", "a: [1\n"])
def test_unreadable_conf(conf: str, tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(conf)
    saved(small_weights(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"conf\.yml: (can't be read as YAML|found a list)"):
        load_checkpoint(tmp_path / "net.pth", SETTINGS)


def test_mapping_that_contains_itself(tmp_path: Path) -> None:
    content: dict[str, Any] = {"epoch": 1}
    content["model"] = content
    assert "found no weights" in _refusal(saved(content, tmp_path / "net.pth"))


def test_names_too_long_for_the_system() -> None:
    assert "File name too long" in _refusal("x" * 400)


def test_live_objects_that_are_no_conv_tasnet() -> None:
    with pytest.raises(CheckpointError, match="Linear: found 2 weights of no known separation net"):
        from_module(nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match="found a dict, expected a torch network"):
        from_module(small_weights())  # type: ignore[arg-type]


def test_small_net_itself_loads(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(saved(small_package(), tmp_path / "net.pth"))
    assert checkpoint.notes == ()
    assert checkpoint.spec.n_blocks == SMALL["n_blocks"]


def test_another_norm_than_the_batch_norm_of_the_weights(tmp_path: Path) -> None:
    path = saved(small_weights(norm_type="bN"), tmp_path / "net.pth")
    settings = {"mask_act": "relu", "n_blocks": 3, "norm_type": "gLN"}
    assert "norm_type: found gLN in the options and a batch norm in the weights" in _refusal(path, settings)


def test_a_stride_of_zero(tmp_path: Path) -> None:
    assert "stride: found 0" in _refusal(saved(small_package(), tmp_path / "net.pth"), {"stride": 0})


def test_a_mapping_called_spec_is_not_taken_for_ours(tmp_path: Path) -> None:
    package = {**small_package(), "spec": {"n_fft": 512}}
    plain, other = (
        load_checkpoint(saved(small_package(), tmp_path / "net.pth")),
        load_checkpoint(saved(package, tmp_path / "other.pth")),
    )
    assert other.spec == plain.spec


def test_another_part_with_a_stride_and_a_rate_decides_nothing(tmp_path: Path) -> None:
    hyper = {"masknet": {"mask_act": "relu", "n_blocks": 3}, "aug": {"sample_rate": 44100, "stride": 2}}
    content = {"state_dict": small_weights(), "hyper_parameters": hyper}
    spec = load_checkpoint(saved(content, tmp_path / "net.ckpt")).spec
    assert (spec.stride, spec.sample_rate) == (8, 8000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"causal": "maybe"}, "causal: found 'maybe', expected true or false"),
        ({"causal": "yes"}, "causal: found true in the options given and false in the weights"),
        ({"in_chan": "abc"}, "in_chan: found 'abc', expected a number"),
        ({"encoder_padding": 17}, "encoder_padding: found 17, expected at most the kernel of 16 samples"),
        ({"sample_rate": 10**9}, "sample_rate: found 1000000000, expected 1000 to 384000 Hz"),
    ],
)
def test_options_out_of_range(settings: dict[str, object], message: str, tmp_path: Path) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    assert message in _refusal(path, {"mask_act": "relu", "n_blocks": 3, **settings})


@pytest.mark.parametrize("answer", ["no", "False", "off", 0, False])
def test_a_switch_is_answered_in_words(answer: object, tmp_path: Path) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    assert not load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3, "causal": answer}).spec.causal


def test_an_encoder_for_two_channels_is_called_that(tmp_path: Path) -> None:
    weights = {**small_weights(), "encoder.filterbank._filters": torch.randn(16, 2, 16)}
    assert "an encoder for 2 input channels" in _refusal(
        saved(weights, tmp_path / "net.pth"), {"mask_act": "relu"}
    )


def test_options_may_have_a_model_name(tmp_path: Path) -> None:
    content = {"state_dict": small_weights(), "hyper_parameters": {"model_name": "VADNet", "mask_act": "relu"}}
    assert load_checkpoint(saved(content, tmp_path / "net.ckpt"), {"n_blocks": 3}).spec.mask_act == "relu"
