"""The export stage: parity is measured, enforced and reported; nothing is left behind when it fails."""

from __future__ import annotations

import json
import time
from pathlib import Path

import onnx
import pytest
import torch

from tasnet2hef.base.errors import OptionError, ParityError
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
        "reading of the file / HailoTasNet",
        "reading of the file / ONNX Runtime",
        "HailoTasNet / ONNX Runtime",
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
    assert not _export(tmp_path / "net.onnx", ExportOptions(seconds=2.0), norm_type="bN").notes


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
