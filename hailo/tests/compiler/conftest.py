"""One small net with its calibration set, and a driver that calls the stand-in."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.options import DEFAULT_MINUTES, CompileOptions
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.run_record import RECORD_NAME, StageRecord
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net

STAND_IN = Path(__file__).parent / "stand_in"


class Silence:
    """A display that keeps its messages; ``watch`` is called while a stage is at work."""

    def __init__(self, watch: Callable[[], object] = lambda: None) -> None:
        self.messages: list[str] = []
        self._watch = watch

    def started(self, stage: str, log: Path) -> None:
        self.messages.append(f"started {stage} {log}")

    def working(self, elapsed: float, line: str) -> None:
        self.messages.append(f"{elapsed:.1f} {line}")
        self._watch()

    def ended(self, record: StageRecord) -> None:
        self.messages.append(f"ended {record.stage} {record.outcome}{' reused' if record.reused else ''}")

    def note(self, text: str) -> None:
        self.messages.append(text)


@dataclasses.dataclass
class Bench:
    """A folder with a net, and the stand-in's switches."""

    folder: Path
    model: Path
    calibration: Path
    watch: Callable[[], object] = lambda: None

    def compile(self, **settings: object) -> CompileReport:
        options = CompileOptions(**{"output": self.folder / "out.hef", "force": True, **settings})  # type: ignore[arg-type]
        self.display = Silence(self.watch)
        return compile_graph(OpenedGraph.read(self.model), self.calibration, options, self.display)

    def fault(self, stage: str, kind: str, message: str = "", unless: str = "") -> None:
        fault = {"stage": stage, "kind": kind, "message": message, "unless": unless}
        (self.folder / "fault.json").write_text(json.dumps(fault))

    def begin_at(self, stage: str, finished: FinishedRun, output: str = "out") -> None:
        """Put the run into the state in which another run was before a stage: it will resume there."""
        folder = self.folder / f"{output}.run"
        shutil.copytree(finished.report.folder, folder)
        record = folder / RECORD_NAME
        saved = json.loads(record.read_text())
        names = [each["stage"] for each in saved["stages"]]
        record.write_text(json.dumps({**saved, "stages": saved["stages"][: names.index(stage)]}))
        done = [call for call in finished.calls if call.split()[0] in names[: names.index(stage)]]
        (self.folder / "calls.txt").write_text("".join(f"{call}\n" for call in done))

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


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A run that went well, for tests that only look at it or resume a copy of it."""

    report: CompileReport
    calls: tuple[str, ...]


@pytest.fixture(autouse=True)
def _pages_without_charts(without_charts: None) -> None:
    """Nothing here looks at a report page."""


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
    new_bench = Bench(tmp_path, model, calibration)
    for name, value in new_bench.environment().items():
        monkeypatch.setenv(name, value)
    return new_bench


@pytest.fixture(scope="session")
def finished(model: Path, calibration: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    bench = Bench(tmp_path_factory.mktemp("finished"), model, calibration)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bench.environment().items():
            patch.setenv(name, value)
        return FinishedRun(bench.compile(), tuple(bench.calls()))


def minutes(**limits: float) -> dict[str, float]:
    """Return the default limits with some of them, given in seconds, changed."""
    return {**DEFAULT_MINUTES, **{stage: seconds / 60 for stage, seconds in limits.items()}}


def wait_until(happened: Callable[[], object], otherwise: Callable[[], str]) -> None:
    """Wait for something that another process does; the limit only keeps a failing test from hanging."""
    limit = time.monotonic() + 60
    while not happened():
        if time.monotonic() > limit:
            pytest.fail(otherwise())
        time.sleep(0.05)
