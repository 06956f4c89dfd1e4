"""One small net with its calibration set, and a driver that calls the stand-in."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.options import DEFAULT_MINUTES, CompileOptions
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net

STAND_IN = Path(__file__).parent / "stand_in"


class Silence:
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def started(self, stage: str, log: Path) -> None:
        self.told.append(f"started {stage} {log}")

    def working(self, elapsed: float, line: str) -> None:
        self.told.append(f"{elapsed:.1f} {line}")

    def ended(self, record: StageRecord) -> None:
        self.told.append(f"ended {record.stage} {record.outcome}{' reused' if record.reused else ''}")

    def note(self, text: str) -> None:
        self.told.append(text)


@dataclasses.dataclass
class Bench:
    """A folder with a net, and the stand-in's switches."""

    folder: Path
    model: Path
    calibration: Path

    def compile(self, **settings: object) -> CompileReport:
        options = CompileOptions(**{"output": self.folder / "out.hef", "force": True, **settings})  # type: ignore[arg-type]
        self.display = Silence()
        return compile_graph(OpenedGraph.read(self.model), self.calibration, options, self.display)

    def fault(self, stage: str, kind: str, message: str = "", unless: str = "") -> None:
        fault = {"stage": stage, "kind": kind, "message": message, "unless": unless}
        (self.folder / "fault.json").write_text(json.dumps(fault))

    def mend(self) -> None:
        (self.folder / "fault.json").unlink()

    def calls(self) -> list[str]:
        path = self.folder / "calls.txt"
        return path.read_text().split("\n")[:-1] if path.is_file() else []

    def environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(STAND_IN.parents[2])]),
            "STAND_IN_FAULT": str(self.folder / "fault.json"),
            "STAND_IN_CALLS": str(self.folder / "calls.txt"),
        }


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_net(tmp_path_factory.mktemp("driver_net") / "small.onnx")


@pytest.fixture(scope="session")
def calibrate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    speech = tmp_path_factory.mktemp("driver_speech")
    for number in range(2):
        soundfile.write(speech / f"voice_{number}.wav", babble(1.0, number), 8000)

    def make(graph: Path) -> Path:
        path = graph.with_suffix(".npz")
        calibrate_graph(OpenedGraph.read(graph), speech, path, Draw(6, mixed=2))
        return path

    return make


@pytest.fixture(scope="session")
def calibration(model: Path, calibrate: Callable[[Path], Path]) -> Path:
    return calibrate(model)


@pytest.fixture
def bench(tmp_path: Path, model: Path, calibration: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path, model, calibration)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


def minutes(**limits: float) -> dict[str, float]:
    """Return the default limits with some of them, given in seconds, changed."""
    return {**DEFAULT_MINUTES, **{stage: seconds / 60 for stage, seconds in limits.items()}}
