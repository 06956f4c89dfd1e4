"""One small net with every stage that runs here behind it: checked, simulated, tried to compile, and heard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation
from tasnet2hef.report.facts import RunFacts, read_facts
from tasnet2hef.report.listening import Listening, listen
from tasnet2hef.report.save import write_report
from tasnet2hef.target.check import CheckReport, check_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net
from tests.report.compile_reports import failed_run


@dataclass(frozen=True)
class Run:
    """A run's files and what its stages returned."""

    graph: Path
    recording: Path
    calibration: Path
    check: CheckReport
    simulation: SimulationReport
    compiled: CompileReport
    heard: Listening
    page: Path

    @property
    def facts(self) -> RunFacts:
        return read_facts(self.page.parent)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    graph = save_net(folder / "small.onnx")
    speech = folder / "speech"
    speech.mkdir()
    for number in range(2):
        soundfile.write(speech / f"voice_{number}.wav", babble(1.5, number), 8000)
    calibration = folder / "calib.npz"
    calibrate_graph(OpenedGraph.read(graph), speech, calibration, Draw(12, mixed=2))
    options = SimulationOptions(Preparation(threads=1), windows=2, relieve=1)
    simulation = simulate_graph(OpenedGraph.read(graph), calibration, None, folder, options)
    check = check_file(graph)
    compiled = failed_run(folder, check)
    recording = speech / "voice_0.wav"
    heard = listen(OpenedGraph.read(graph), recording, calibration=calibration, threads=1)
    page = write_report(
        OpenedGraph.read(graph),
        check=check,
        simulate=simulation,
        compiled=compiled,
        audio=heard,
        inputs=[recording, calibration],
    )
    return Run(graph, recording, calibration, check, simulation, compiled, heard, page)
