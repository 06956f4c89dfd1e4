"""``separate --calib``: what 8 bits sound like, through the same code as float and device."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tests.conftest import HAS_TORCH

ASSETS = Path(__file__).parents[2] / "assets"
pytestmark = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which converts the demo network")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    graph = str(folder / "demo.onnx")
    assert run(make_app(), ["convert", str(ASSETS / "demo_student.pth"), "--seconds", "1", "-o", graph]) == 0
    assert (
        run(make_app(), ["calibrate", graph, str(ASSETS), "-o", str(folder / "calib.npz"), "--windows", "8"]) == 0
    )
    return folder


def scores(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[float]:
    capsys.readouterr()
    references = [part for number in (1, 2) for part in ("-r", str(ASSETS / f"demo_source_{number}.wav"))]
    command = ["separate", str(folder / "demo.onnx"), str(ASSETS / "demo_mixture.wav"), *references, "--json"]
    assert run(make_app(), [*command, "-o", str(folder / "out"), *options]) == 0
    return json.loads(capsys.readouterr().out)["si_sdr_db"]


@pytest.mark.slow
def test_eight_bits_cost_a_little(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact = scores(folder, capsys)
    rounded = scores(folder, capsys, "--calib", str(folder / "calib.npz"), "--force")
    assert rounded != exact
    assert sum(exact) - 2 < sum(rounded) < sum(exact) + 0.2


@pytest.mark.slow
def test_a_device_is_not_simulated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["separate", str(folder / "demo.onnx"), str(ASSETS / "demo_mixture.wav"), "--backend", "hailort"]
    assert run(make_app(), [*command, "--calib", str(folder / "calib.npz"), "-o", str(folder / "none")]) == 2
    assert "--calib: found --backend hailort beside it" in capsys.readouterr().err
    assert not (folder / "none").exists()
