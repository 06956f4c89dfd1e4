"""`convert` all the way to a HEF: from a checkpoint, whole and in segments, with and without the compiler."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tasnet2hef.cli.main import make_app, run
from tests.compiler.conftest import STAND_IN
from tests.conftest import HAS_TORCH

ASSETS = Path(__file__).parents[2] / "assets"
HOME = STAND_IN.parents[2]
Printed = pytest.CaptureFixture[str]
pytestmark = [
    pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without"),
    pytest.mark.usefixtures("without_charts"),  # test_files_read.py has the same command draw them
]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Save a small net of batch norms."""
    return _save_checkpoint(tmp_path / "net.pth", causal=False)


def _save_checkpoint(path: Path, *, causal: bool) -> Path:
    """Save a small net of batch norms as Asteroid would."""
    import torch

    from tests.random_weights import random_reference, small_spec

    spec = small_spec(norm_type="bN", causal=causal)
    arguments = {name: value for name, value in spec.as_dict().items() if name != "encoder_padding"}
    arguments |= {"fb_name": "FreeFB", "in_chan": spec.n_filters}
    weights = random_reference(spec).state_dict()
    torch.save({"model_name": "ConvTasNet", "state_dict": weights, "model_args": arguments}, path)
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "speech"
    folder.mkdir()
    (folder / "mixture.wav").symlink_to(ASSETS / "demo_mixture.wav")
    return folder


def _convert(checkpoint: Path, recordings: Path, *more: str) -> int:
    words = ["convert", str(checkpoint), "--seconds", "0.1", "-o", str(checkpoint.parent / "build"), "-n", "4"]
    return run(make_app(), [*words, "--calib-audio", str(recordings), "--hailo-python", sys.executable, *more])


@pytest.mark.slow
def test_one_command_makes_a_hef(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    assert _convert(checkpoint, recordings, "--force", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["step"] for each in report["steps"]] == ["export", "check", "calibrate", "simulate", "compile"]
    assert all(each["seconds"] >= 0 and each["outcome"] == "done" for each in report["steps"])
    assert [each["outcome"] for each in report["compile"]] == ["done"]
    assert Path(report["compile"][0]["hef"]["path"]) == checkpoint.parent / "build" / "net.hef"
    assert min(row["db"] for row in report["parity"]) >= 90.0


@pytest.mark.slow
def test_eight_bits_that_are_broken_are_not_compiled(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """The net has random weights, and is calibrated on four windows of 0.1 s."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    assert _convert(checkpoint, recordings) == 1
    captured = capsys.readouterr()
    assert "not compiled: 8 bits, simulated with net.calib.npz (made for net.onnx): agreement" in captured.err
    assert ": broken (good from" in captured.err
    assert not list((checkpoint.parent / "build").glob("*.hef"))
    assert not list((checkpoint.parent / "build").glob("*.run"))


@pytest.mark.slow
def test_without_the_compiler_one_command_is_left(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.setenv("PYTHONPATH", str(HOME))
    assert _convert(checkpoint, recordings, "--no-simulate") == 3
    printed = capsys.readouterr()
    assert "NOT COMPILED" in printed.out
    assert printed.err.endswith("  2. there: cd bundle && ./compile.sh PATH_OF_THE_VENDORS_WHEEL\n")
    bundle = checkpoint.parent / "build" / "net.run" / "bundle"
    assert json.loads((bundle / "bundle.json").read_text())["checkpoint"] == checkpoint.name


@pytest.mark.slow
def test_bundles_of_segments_do_not_overwrite_each_other(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.setenv("PYTHONPATH", str(HOME))
    assert _convert(checkpoint, recordings, "--no-simulate", "--segments", "2") == 3
    copies = [line.split()[-1] for line in capsys.readouterr().err.splitlines() if "scp -r" in line]
    assert copies == ["HOST:net.segment_1", "HOST:net.segment_2"]


@pytest.mark.slow
def test_segments_get_a_hef_each(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    assert _convert(checkpoint, recordings, "--segments", "2", "--force", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    build = checkpoint.parent / "build"
    names = [Path(each["hef"]["path"]).name for each in report["compile"]]
    assert names == ["net.segment_1.hef", "net.segment_2.hef"]
    for each in report["compile"]:
        levels = {run["mode"]: run["agreement_db"] for run in each["emulator"]}
        assert levels["native"] == 200.0
    _assert_whole_graphs_tensors(build)


@pytest.mark.slow
def test_with_the_ends_on_the_host_the_chip_part_gets_the_hef(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    assert _convert(checkpoint, recordings, "--ends", "host", "--force", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["step"] for each in report["steps"]] == ["export", "check", "calibrate", "simulate", "compile"]
    assert report["ends"] == "host"
    assert min(row["db"] for row in report["parity"]) >= 90.0
    assert report["parity"][-1]["pair"] == "ONNX Runtime / encoder, chip part and decoder in ONNX Runtime"
    (compiled,) = report["compile"]
    assert Path(compiled["hef"]["path"]).name == "net.chip_part.hef"
    assert {run["mode"]: run["agreement_db"] for run in compiled["emulator"]}["native"] == 200.0
    build = checkpoint.parent / "build"
    names = {path.name for path in build.iterdir() if path.is_file()}
    assert names >= {"net.onnx", "net.host_encoder.onnx", "net.chip_part.onnx", "net.host_decoder.onnx"}
    assert names >= {"net.selftest.npz", "net.chip_part.calib.npz", "net.chip_part.alls", "net.chip_part.hef.json"}
    assert "net.calib.npz" not in names


def _assert_whole_graphs_tensors(build: Path) -> None:
    """What the second segment is calibrated with is what flows through the whole graph at the cut."""
    part = onnx.load(str(build / "net.segment_2.onnx"))
    borders = [port.name for port in part.graph.input]
    whole = onnx.load(str(build / "net.onnx"))
    whole.graph.output.extend(port for port in part.graph.input if port.name != "frames")
    session = onnxruntime.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    frames = np.load(build / "net.calib.npz")["input_layer1"]
    with np.load(build / "net.segment_2.calib.npz") as archive:
        assert archive.files == [f"input_layer{number}" for number in range(1, len(borders) + 1)]
        for window in range(len(frames)):
            fed = np.ascontiguousarray(frames[window].transpose(2, 0, 1)[None])
            expected = dict(zip(borders[1:], session.run(borders[1:], {"frames": fed}), strict=True)) | {
                "frames": fed
            }
            for number, name in enumerate(borders, start=1):
                array = archive[f"input_layer{number}"][window].transpose(2, 0, 1)
                np.testing.assert_allclose(array, expected[name][0], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_a_chunk_and_its_past_rows_get_a_hef(
    checkpoint: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    _save_checkpoint(checkpoint, causal=True)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    assert _convert(checkpoint, recordings, "--stateful", "--chunk", "8", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["step"] for each in report["steps"]] == ["export", "check", "calibrate", "simulate", "compile"]
    (compiled,) = report["compile"]
    assert {each["mode"]: each["agreement_db"] for each in compiled["emulator"]}["native"] == 200.0
    assert report["calibration"]["arrays"]["input_layer4"] == [4, 8, 1, 12], "the third block looks back 8 rows"
    kinds = [end["kind"] for end in compiled["hef"]["ends"]]
    assert (kinds.count("input"), kinds.count("output")) == (1 + 6, 2 + 6)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--alls", "own.alls"], "--alls: found no --calib-audio"),
        (["--calib-audio", "none"], "none: found nothing"),
        (["--calib-audio", str(ASSETS), "--timeout", "soon"], "--timeout: found 'soon'"),
        (["--calib-audio", str(ASSETS), "--hailo-python", "/nowhere/python"], "/nowhere/python"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    more: list[str], words: str, tmp_path: Path, capsys: Printed
) -> None:
    model = str(ASSETS / "demo_model.pth")
    assert run(make_app(), ["convert", model, "-o", str(tmp_path / "build"), *more]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert list(tmp_path.iterdir()) == []
