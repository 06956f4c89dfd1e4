"""Runs scored by workers: the same scores, the same files, and what was measured before a loss is kept."""

from __future__ import annotations

import gc
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.workers import Ended, InProcess, Task, Workers, open_workers
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.quantize import bench
from tasnet2hef.quantize.bench import PackedBench, Run
from tasnet2hef.quantize.calibration.evaluation_set import cut_windows, read_evaluation
from tasnet2hef.quantize.measuring import Measuring
from tasnet2hef.quantize.number_format import FLOAT
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.score import Scorer
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation, Simulator, open_simulator
from tasnet2hef.target.graph.opened import OpenedGraph

OPTIONS = SimulationOptions(Preparation(threads=1), target_db=0.05, windows=2, relieve=2)
TIMES = {"prepare_seconds", "window_seconds", "float_window_seconds"}
PLACES = {"alls", "resumed_runs"}


class Apart:
    """Workers that are given a packed bench, as other processes are; ``limit`` of their tasks succeed."""

    where = "apart"

    def __init__(self, size: int, limit: int = 10_000) -> None:
        self.size, self.limit = size, limit
        self.keys: list[str] = []

    def slots(self, needs: frozenset[str] = frozenset()) -> int:
        return self.size

    def shared(self, key: str, value: Any) -> AbstractContextManager[Any]:
        assert isinstance(value, PackedBench)
        return nullcontext(value)

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        for ended in [*InProcess().run(tasks)][::-1]:
            self.keys.append(ended.key)
            lost = len(self.keys) > self.limit
            yield replace(ended, error=RefusedError("every process that ran it died")) if lost else ended


@pytest.fixture
def scorer(test_set: Path, simulator: Simulator) -> Scorer:
    clips, _ = read_evaluation(test_set, simulator.contract)
    return Scorer(cut_windows(clips, simulator.contract, 2), simulator.float_backend())


@pytest.fixture(scope="module")
def here(model: Path, calibration: Path, test_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files and the report of a run in this process."""
    folder = tmp_path_factory.mktemp("here")
    return _simulated(model, calibration, test_set, folder, None)


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Workers]:
    with open_workers(processes=2) as workers:
        yield workers


def _simulated(model: Path, calibration: Path, test_set: Path, folder: Path, workers: Workers | None) -> Path:
    report = simulate_graph(OpenedGraph.read(model), calibration, test_set, folder, OPTIONS, workers=workers)
    (folder / "report.json").write_text(json.dumps(_lasting(report.to_json())))
    return folder


def _lasting(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in TIMES | PLACES}


def _require_same_files(folder: Path, other: Path) -> None:
    for name in ("small.search.json", "small.alls", "report.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize("size", [1, 4])
def test_files_do_not_depend_on_who_computes(
    here: Path, model: Path, calibration: Path, test_set: Path, tmp_path: Path, size: int
) -> None:
    workers = Apart(size)
    _require_same_files(here, _simulated(model, calibration, test_set, tmp_path, workers))
    stored = len(json.loads((here / "small.search.json").read_text())["scores"])
    assert len(workers.keys) == len({*workers.keys}), "a run was scored twice"
    assert (len(workers.keys) > stored) == (size > 1), "guesses are for idle workers only"


def test_what_was_measured_before_a_loss_is_kept(
    here: Path, model: Path, calibration: Path, test_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        RefusedError, match=r"^alone \w+: every process that ran it died, expected a score; .*kept"
    ):
        _simulated(model, calibration, test_set, tmp_path, Apart(2, limit=9))
    kept = json.loads((tmp_path / "small.search.json").read_text())["scores"]
    assert len(kept) == 9
    left = Apart(1)
    _require_same_files(here, _simulated(model, calibration, test_set, tmp_path, left))
    stored = len(json.loads((here / "small.search.json").read_text())["scores"])
    assert len(left.keys) == stored - len(kept)


def test_a_guess_is_kept_when_it_is_asked_for(simulator: Simulator, scorer: Scorer, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    workers = Apart(3)
    first, second, third, fourth = (Run("mix", (border.layer,)) for border in simulator.borders[:4])
    with closing(Measuring(simulator, scorer, SearchState(path, "key"), workers)) as measuring:
        measuring.score(first, [first, second, third, fourth])
        assert [*json.loads(path.read_text())["scores"]] == [first.name]
        scored = len(workers.keys)
        measuring.scores([third, second])
        assert len(workers.keys) == scored == 3
    assert [*json.loads(path.read_text())["scores"]] == sorted([first.name, second.name, third.name])


def test_nothing_is_handed_over_where_all_is_known(simulator: Simulator, scorer: Scorer) -> None:
    state, workers = SearchState(None, ""), Apart(2)
    Measuring(simulator, scorer, state).score(Run("int8"))
    Measuring(simulator, scorer, state, workers).score(Run("int8"))
    assert not workers.keys


def test_a_process_opens_a_net_once_and_lets_go_of_it(
    simulator: Simulator, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int | None] = []

    def opened(**calibrated: Any) -> Simulator:
        threads.append(calibrated["preparation"].threads)
        return open_simulator(**calibrated)

    monkeypatch.setattr(bench, "open_simulator", opened)
    given = replace(simulator, preparation=replace(simulator.preparation, threads=2))
    with closing(Measuring(given, scorer, SearchState(None, ""), Apart(2))) as measuring:
        scores = measuring.scores([Run("int8"), Run("float", default=FLOAT)])
        scores.append(measuring.score(Run("uncorrected", correct_bias=False)))
        assert threads == [1]
        assert len(bench._OPENED) == 1
    del measuring
    gc.collect()
    assert not bench._OPENED
    here = Measuring(simulator, scorer, SearchState(None, ""))
    assert scores[0] == here.score(Run("int8"))
    assert scores[1].noise == 0 < scores[0].noise < scores[2].noise


@pytest.mark.slow
def test_two_processes_write_the_same_files(
    here: Path, model: Path, calibration: Path, test_set: Path, tmp_path: Path, two_processes: Workers
) -> None:
    _require_same_files(here, _simulated(model, calibration, test_set, tmp_path, two_processes))


@pytest.mark.slow
def test_workers_on_the_command_line(
    here: Path, model: Path, calibration: Path, test_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(model), str(calibration), "--eval", str(test_set), "-o", str(tmp_path), "--threads", "1"]
    searched = ["--windows", "2", "--relieve", "2", "--target-db", "0.05", "--plots", "none", "--json"]
    assert run(make_app(), ["simulate", *arguments, *searched, "--workers", "1"]) == 0
    report = _lasting(json.loads(capsys.readouterr().out))
    assert report == json.loads((here / "report.json").read_text())
    assert (tmp_path / "small.search.json").read_bytes() == (here / "small.search.json").read_bytes()


def test_a_scheduler_that_does_not_answer(
    model: Path,
    calibration: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tasnet2hef.base.workers.joining.CONNECT_S", 0.3)
    arguments = ["simulate", str(model), str(calibration), "-o", str(tmp_path / "out"), "--quick"]
    assert run(make_app(), [*arguments, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: --scheduler tcp://127.0.0.1:9: found no scheduler that answers within 0.3 s")
    assert not (tmp_path / "out").exists()
    assert run(make_app(), [*arguments, "--scheduler", "tcp://127.0.0.1:9", "--workers", "2"]) == 2
    assert "--workers 2: found --scheduler tcp://127.0.0.1:9 beside it, expected one" in capsys.readouterr().err
