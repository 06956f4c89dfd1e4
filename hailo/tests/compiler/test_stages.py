"""The process of a stage: where it runs, what it leaves, and how the vendor's exits are read."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tasnet2hef.base.supervise.child import ChildEnd, Limits, run_child
from tasnet2hef.base.supervise.log import clean, last_line
from tasnet2hef.base.supervise.processes import marked
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.compiler.stages.vendor import calibration_by_layer, input_layers, plain
from tests.compiler.conftest import Bench

TOKEN = f"tests-of-stages-{os.getpid()}"
HN = {"layers": {"net/input_layer1": {"type": "input_layer", "output_shapes": [[-1, 100, 1, 8]]}}}


def _run(code: str, log: Path, seconds: float = 20.0) -> ChildEnd:
    limits = Limits(seconds, 8 << 30)
    return run_child([sys.executable, "-c", code], {}, log, limits, lambda _elapsed, _line: None, TOKEN)


def test_it_runs_in_the_folder_of_its_log(tmp_path: Path) -> None:
    end = _run("open('left_by_the_compiler.log', 'w').close(); print('done')", tmp_path / "log.txt")
    assert (end.ended, end.exit_code) == ("exited", 0)
    assert (tmp_path / "left_by_the_compiler.log").is_file()
    assert last_line(tmp_path / "log.txt") == "done"


def test_a_child_that_ignores_signals_is_stopped(tmp_path: Path) -> None:
    code = "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)"
    end = _run(code, tmp_path / "log.txt", 0.5)
    assert (end.ended, end.exit_code) == ("out of time", -signal.SIGKILL), "it did not end by itself"
    assert not marked(TOKEN)


def test_a_display_that_fails_leaves_no_process(tmp_path: Path) -> None:
    def broken(_elapsed: float, _line: str) -> None:
        raise RuntimeError("no screen")

    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(RuntimeError, match="no screen"):
        run_child(command, {}, tmp_path / "log.txt", Limits(20.0, 8 << 30), broken, TOKEN)
    assert not marked(TOKEN)


def test_progress_bars_and_colours_leave_their_last_state() -> None:
    assert clean("\x1b[31mCalibration: 10%\rCalibration: 100%\x1b[0m\n\x07[info] done\r\n") == (
        "Calibration: 100%\n[info] done\n"
    )


@pytest.mark.slow
def test_a_path_from_here_works_in_the_stages_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.folder)
    places = os.environ["PYTHONPATH"].split(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(os.path.relpath(place) for place in places))
    bench.model = Path(os.path.relpath(bench.model))
    bench.calibration = Path(os.path.relpath(bench.calibration))
    report = bench.compile(output=Path("here.hef"), python=os.path.relpath(sys.executable))
    assert report.outcome == "done"
    assert (bench.folder / "here.hef").is_file()


def test_input_layers_are_found_by_their_own_names(bench: Bench) -> None:
    assert dict(input_layers(HN)) == {"net/input_layer1": (100, 1, 8)}
    job = StageJob("optimize", "", calibration=str(bench.calibration), arrays=("input_layer1",))
    arrays = calibration_by_layer(job, HN)
    assert [(name, array.shape) for name, array in arrays.items()] == [("net/input_layer1", (6, 100, 1, 8))]
    wrong = {"layers": {"net/input_layer1": {"type": "input_layer", "output_shapes": [[-1, 1, 100, 8]]}}}
    with pytest.raises(ValueError, match=r"found windows \[100, 1, 8\], net/input_layer1 expects \[1, 100, 8\]"):
        calibration_by_layer(job, wrong)


def test_input_layers_that_are_numbered_otherwise_keep_their_arrays(tmp_path: Path) -> None:
    import numpy as np

    arrays = {f"input_layer{number}": np.full((2, 4, 1, 3), number, np.float32) for number in (1, 2, 3)}
    np.savez(tmp_path / "calib.npz", **arrays)
    inputs = {"frames": "input_layer1", "tcn_00/state": "input_layer2", "tcn_01/state": "input_layer3"}
    shapes = [[-1, 4, 1, 3]]

    def array_means(origins: list[list[str]], named: tuple[str, ...] = tuple(arrays)) -> list[float]:
        layers = {
            f"net/input_layer{number}": {"type": "input_layer", "output_shapes": shapes, "original_names": names}
            for number, names in enumerate(origins, start=1)
        }
        job = StageJob(
            "optimize", "", calibration=str(tmp_path / "calib.npz"), arrays=named, array_of_input=inputs
        )
        return [float(array.mean()) for array in calibration_by_layer(job, {"layers": layers}).values()]

    assert array_means([["frames"], ["tcn_01/state"], ["tcn_00/state"]]) == [1, 3, 2]
    assert array_means([["frames"], [], []]) == [1, 2, 3], "without origins the numbers have to do"
    with pytest.raises(
        ValueError, match="found arrays input_layer1, expected one for input layer net/input_layer2"
    ):
        array_means([["frames"], [], []], ("input_layer1",))


def test_a_graph_of_numpy_numbers_can_be_saved() -> None:
    import numpy as np

    assert plain({"macs": np.int64(3), "shape": np.array([1, 2])}) == {"macs": 3, "shape": [1, 2]}
