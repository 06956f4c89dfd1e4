"""The options of convert and separate that are about streaming."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli.commands.convert import chunk_frames
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.options import parse_halo
from tests.conftest import HAS_TORCH

pytestmark = pytest.mark.usefixtures("without_charts")
ASSETS = Path(__file__).parents[2] / "assets"
MIXTURE = ASSETS / "demo_mixture.wav"
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without")


@pytest.fixture
def causal_checkpoint(tmp_path: Path) -> Path:
    """Save a small causal net of batch norms as Asteroid would."""
    import torch

    from tests.random_weights import random_reference, small_spec

    spec = small_spec(norm_type="bN", causal=True)
    arguments = {name: value for name, value in spec.as_dict().items() if name != "encoder_padding"}
    arguments |= {"fb_name": "FreeFB", "in_chan": spec.n_filters}
    path = tmp_path / "causal.pth"
    weights = random_reference(spec).state_dict()
    torch.save({"model_name": "ConvTasNet", "state_dict": weights, "model_args": arguments}, path)
    return path


def _separated(graph: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    arguments = ["separate", str(graph), str(MIXTURE), "-o", str(graph.parent / "out"), "--json", *options]
    assert run(make_app(), arguments) == 0
    report: dict[str, object] = json.loads(capsys.readouterr().out)
    return report


@needs_torch
def test_a_stateful_export_streams(
    causal_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["convert", str(causal_checkpoint), "-o", str(tmp_path), "--stateful", "--chunk", "100"]
    assert run(make_app(), arguments) == 0
    printed = capsys.readouterr().out
    assert "tcn_05/state" not in printed
    assert "bytes at 8 bits" in printed
    assert run(make_app(), [*arguments, "--verbose"]) == 0
    assert "tcn_05/state" in capsys.readouterr().out
    report = _separated(tmp_path / "causal.onnx", capsys)
    assert report["is_exact"]
    assert report["windows"] == 80000 // 800


@pytest.mark.slow
@needs_torch
def test_columns_and_a_halo(causal_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["convert", str(causal_checkpoint), "-o", str(tmp_path), "--streams", "4", "--json"]
    assert run(make_app(), arguments) == 0
    assert json.loads(capsys.readouterr().out)["streams"] == 4
    assert _separated(tmp_path / "causal.onnx", capsys)["is_exact"]
    assert _separated(tmp_path / "causal.onnx", capsys, "--halo", "full")["is_exact"]
    assert not _separated(tmp_path / "causal.onnx", capsys, "--halo", "10")["is_exact"]
    assert not _separated(tmp_path / "causal.onnx", capsys, "--overlap", "0.25")["is_exact"]


@pytest.mark.slow
@needs_torch
def test_segments_run_in_turn(causal_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["convert", str(causal_checkpoint), "-o", str(tmp_path), "--segments", "2", "--verbose"]
    assert run(make_app(), arguments) == 0
    printed = capsys.readouterr().out
    assert printed.count("Should compile for hailo8") == 3
    assert "segments in ONNX Runtime" in printed
    report = _separated(tmp_path / "causal.segment_1.onnx", capsys)
    whole = _separated(tmp_path / "causal.onnx", capsys)
    assert report["gain"] == pytest.approx(whole["gain"], rel=1e-5)


def test_a_chunk_needs_a_stateful_graph() -> None:
    assert chunk_frames(stateful=True, chunk=None) == 32
    assert chunk_frames(stateful=False, chunk=None) is None
    with pytest.raises(OptionError, match=r"--chunk: found 8 without --stateful"):
        chunk_frames(stateful=False, chunk=8)


def test_a_halo_is_full_or_milliseconds() -> None:
    assert (parse_halo("full"), parse_halo("12.5")) == ("full", 12.5)
    with pytest.raises(OptionError, match=r"--halo: found 'wide', expected full or milliseconds"):
        parse_halo("wide")
