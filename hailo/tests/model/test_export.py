"""The export stage: parity is measured, enforced and reported; nothing is left behind when it fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import AudioError, OptionError, ParityError
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, ExportReport, export_checkpoint
from tests.random_weights import random_reference, small_spec

EXACT_DB = 90.0


def _export(path: Path, options: ExportOptions | None = None, **spec: object) -> ExportReport:
    checkpoint = from_module(random_reference(small_spec(**spec)))
    return export_checkpoint(checkpoint, path, options or ExportOptions(seconds=0.2))


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["gLN", "fgLN", "cLN", "bN"])
@pytest.mark.parametrize("layout", ["tall", "wide"])
@pytest.mark.parametrize("residual", ["separate", "joint"])
def test_onnx_runtime_equals_the_original(tmp_path: Path, norm: str, layout: str, residual: str) -> None:
    options = ExportOptions(seconds=0.2, layout=layout, residual=residual)
    report = _export(tmp_path / "net.onnx", options, norm_type=norm)
    assert [row.pair for row in report.parity] == [
        "reading of the file / rewritten net",
        "reading of the file / ONNX Runtime",
        "rewritten net / ONNX Runtime",
    ]
    assert min(row.db for row in report.parity) >= EXACT_DB
    assert report.nodes == len(onnx.load(tmp_path / "net.onnx").graph.node)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec",
    [
        {"n_src": 5},
        {"causal": True, "norm_type": "cLN"},
        {"mask_act": "softmax", "n_src": 3},
        {"encoder_padding": 8},
        # In float32 the original itself ends near 78 dB here: quiet frames are 0.5 and a little.
        {"norm_type": "cLN", "encoder_activation": "sigmoid"},
        {"norm_type": "cLN", "encoder_activation": "sigmoid", "causal": True},
        {"encoder_bias": True, "decoder_bias": True, "bottleneck_norm": "cLN", "depthwise_norm": "identity"},
        {"mask_act": "softmax", "softmax_over": "all", "mask_input_act": "linear"},
        {"mask_act": "softmax", "softmax_over": "features"},
        {"encoder_padding": 8, "alignment": "window"},
    ],
    ids=str,
)
def test_special_forms_run_in_onnx_runtime(tmp_path: Path, spec: dict[str, object]) -> None:
    report = _export(tmp_path / "net.onnx", **spec)
    assert min(row.db for row in report.parity) >= EXACT_DB


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["gLN", "fgLN", "cLN", "bN"])
@pytest.mark.parametrize("streams", [2, 8])
def test_every_column_equals_the_original(tmp_path: Path, norm: str, streams: int) -> None:
    options = ExportOptions(seconds=0.2, streams=streams)
    report = _export(tmp_path / "net.onnx", options, norm_type=norm)
    assert min(row.db for row in report.parity) >= EXACT_DB
    assert report.contract.input_shape[3] == streams
    assert report.to_json()["streams"] == streams


def test_a_changed_window_is_noted(tmp_path: Path) -> None:
    report = _export(tmp_path / "net.onnx", ExportOptions(seconds=2.0))
    assert report.contract.window_frames == 2000
    assert any("1999 to 2000 frames" in note for note in report.notes)
    assert not _export(tmp_path / "other.onnx", ExportOptions(seconds=2.0), norm_type="bN").notes


def test_joint_without_skips_is_noted(tmp_path: Path) -> None:
    options = ExportOptions(seconds=0.2, residual="joint")
    report = _export(tmp_path / "net.onnx", options, skip_chan=None)
    assert any("no skip path" in note for note in report.notes)
    assert report.to_json()["residual"] == "separate"


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    report = _export(tmp_path / "net.onnx")
    read = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert read["onnx"] == str(tmp_path / "net.onnx")
    assert read["window_samples"] == (read["window_frames"] - 1) * 8 + 16
    assert {"spec", "nodes", "parity", "seconds"} <= set(read)


def test_an_export_that_differs_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = random_reference(small_spec())
    checkpoint = from_module(reference)
    other = from_module(random_reference(small_spec(), seed=1))
    monkeypatch.setattr(type(checkpoint), "reference", lambda self: other_reference)
    other_reference = reference.__class__(other.spec).eval()
    other_reference.load_state_dict(other.weights)
    with pytest.raises(ParityError, match=r"expected at least 80 dB; nothing was written"):
        export_checkpoint(checkpoint, tmp_path / "net.onnx", ExportOptions(seconds=0.1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OptionError, match="can't be written"):
        _export(tmp_path / "file" / "net.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(OptionError, match="is a folder"):
        _export(tmp_path / "folder.onnx")


def test_an_export_is_reproducible(tmp_path: Path) -> None:
    _export(tmp_path / "a.onnx")
    time.sleep(0.01)
    torch.manual_seed(99)
    _export(tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def _reference(path: Path, samples: int = 4000, **spec: object) -> Path:
    """Write an input and the output of the network that ``_export`` reads."""
    mixture = speech_clip(samples, 8000)
    with torch.no_grad():
        sources = random_reference(small_spec(**spec))(torch.from_numpy(mixture)[None])[0].numpy()
    np.savez(path, input=mixture, output=sources)
    return path


def test_an_output_of_the_genuine_network_proves_the_reading(tmp_path: Path) -> None:
    reference = _reference(tmp_path / "outputs.npz")
    report = _export(tmp_path / "net.onnx", ExportOptions(seconds=0.2, reference=reference))
    assert report.parity[0].pair == "genuine output / reading of the file"
    assert report.parity[0].db >= EXACT_DB
    assert report.is_reading_proved
    assert report.to_json()["is_reading_proved"]
    assert not _export(tmp_path / "net.onnx").is_reading_proved


def test_another_output_refutes_the_reading(tmp_path: Path) -> None:
    options = ExportOptions(seconds=0.2, reference=_reference(tmp_path / "outputs.npz", mask_act="relu"))
    with pytest.raises(ParityError, match=r"genuine output / reading of the file: .*mask_act=sigmoid.*with --set"):
        _export(tmp_path / "net.onnx", options)
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"input": np.zeros(4000)}, "can't be read: 'output': found no such array, expected one"),
        ({"input": np.zeros(4000), "output": np.ones((3, 4000))}, r"expected \[sample\] and \[2, sample\]"),
        ({"input": np.zeros((2, 4000)), "output": np.ones((2, 4000))}, r"found input \[2, 4000\]"),
        ({"input": np.zeros(4000), "output": np.zeros((2, 4000))}, "only zero samples"),
        ({"input": np.ones(4000), "output": np.ones((2, 100))}, "found 100 samples for an input of 4000"),
        ({"input": np.array(["a"]), "output": np.ones((2, 1))}, "found values of type"),
    ],
)
def test_unusable_references(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "outputs.npz", **arrays)
    with pytest.raises((OptionError, AudioError), match=message):
        _export(tmp_path / "net.onnx", ExportOptions(seconds=0.2, reference=tmp_path / "outputs.npz"))


@pytest.mark.parametrize("content", [None, b"", b"text", b"PK\x03\x04"])
def test_references_that_are_no_arrays(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "outputs.npz").write_bytes(content)
    with pytest.raises(OptionError, match=r"outputs.npz: can't be read"):
        _export(tmp_path / "net.onnx", ExportOptions(seconds=0.2, reference=tmp_path / "outputs.npz"))


def test_zero_padding_has_its_price_measured(tmp_path: Path) -> None:
    report = _export(tmp_path / "net.onnx", ExportOptions(seconds=0.2, zero_padding=True), conv_padding="reflect")
    assert report.zero_padding_db is not None
    assert 0 < report.zero_padding_db < 80
    assert min(row.db for row in report.parity) >= EXACT_DB
    assert report.contract.spec.conv_padding == "zeros"
    with pytest.raises(OptionError, match="found a net that pads with zeros already"):
        _export(tmp_path / "net.onnx", ExportOptions(seconds=0.2, zero_padding=True))
