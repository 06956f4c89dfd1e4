"""Whole studies: their figures, what is kept, what survives, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fast_bss_eval
import numpy as np
import pytest
import soundfile
import torch

from tasnet2hef.base.errors import OptionError, Tasnet2HefError
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.explore import steps
from tasnet2hef.explore.explore import ExploreOptions, explore, plan_points, resume
from tasnet2hef.explore.options import RunOptions
from tasnet2hef.explore.study import StudyReport
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.stream.streamer import make_streamer
from tasnet2hef.train.saving import serialize
from tests.compiler.conftest import STAND_IN
from tests.explore.small_study import Display, make_options
from tests.random_weights import random_reference, small_spec

HERE = RunOptions(workers=0)
HOME = STAND_IN.parents[2]
pytestmark = pytest.mark.slow


def run(options: ExploreOptions, settings: RunOptions = HERE, display: Display | None = None) -> StudyReport:
    return explore(options, settings, display or Display())


@pytest.fixture(scope="module")
def done(net: Path, speech: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyReport:
    """A study that is done, by this process; tests look at it, or go on with a copy."""
    return run(make_options(net, speech, tmp_path_factory.mktemp("done")))


@pytest.fixture
def copy(done: StudyReport, tmp_path: Path) -> Path:
    shutil.copytree(done.folder, tmp_path / "copy")
    return tmp_path / "copy"


def products(report: StudyReport, step: str) -> list[Path]:
    return sorted(report.store.glob(f"{step}-*"))


def results(folder: Path) -> bytes:
    return (folder / "results.json").read_bytes()


def test_each_point_is_a_row_and_shared_steps_are_done_once(done: StudyReport) -> None:
    assert [str(row.point) for row in done.rows] == [
        "exact, 0.25 s",
        "exact, 0.25 s, 16 bits",
        "frozen, 0.25 s",
        "frozen, 0.25 s, 16 bits",
        "exact, 0.25 s, 2 segments",
        "exact, 0.25 s, 50 segments",
    ]
    assert [row.outcome for row in done.rows] == [*["measured"] * 5, "refused"]
    assert "segments: found 50, expected 1 to" in done.rows[5].reason
    assert not done.rows[5].reason.startswith("/")
    counts = {step: len(products(done, step)) for step in ("original", "freeze", "export", "simulate", "check")}
    assert counts == {"original": 1, "freeze": 1, "export": 2, "simulate": 2, "check": 4}
    one, _, frozen, _, two, _ = done.rows
    assert (two.programs, two.lost_db) == (2, one.lost_db)
    assert frozen.layers is not None
    assert one.layers is not None
    assert frozen.layers < one.layers
    assert done.recommendation is not None
    assert done.recommendation.row.number in done.front
    assert set(done.realtime_factors) == {1, 2, 3, 4, 5}


def si_sdr_db(sources: Any, references: Any) -> float:
    """Return the mean SI-SDR as another implementation has it."""
    return float(
        np.mean(fast_bss_eval.si_sdr(references[None].astype(np.float64), sources[None].astype(np.float64)))
    )


def test_the_loss_in_float_is_that_of_the_files_themselves(done: StudyReport, net: Path) -> None:
    (place,), original = products(done, "speech"), load_checkpoint(str(net)).reference()
    frozen = next(
        OnnxRuntimeBackend(graph, threads=1)
        for each in products(done, "export")
        if OnnxRuntimeBackend(graph := each / "files" / "net.onnx").contract.norm == "folded"
    )
    losses = []
    for path in sorted((place / "files" / "held_out").glob("*_mixture.wav")):
        mixture = soundfile.read(path, dtype="float32")[0]
        named = [path.with_name(path.name.replace("mixture", f"source_{number}")) for number in (1, 2)]
        references = np.stack([soundfile.read(each, dtype="float32")[0] for each in named])
        with torch.no_grad():
            before = original(torch.from_numpy(mixture)[None])[0].numpy()
        stream = make_streamer(frozen)
        after = np.concatenate([stream.feed(mixture), stream.flush()], axis=1)
        losses.append(si_sdr_db(before, references) - si_sdr_db(after, references))
    assert done.rows[2].float_lost_db == pytest.approx(np.mean(losses), abs=0.02)


def test_a_second_run_does_nothing_and_finds_the_same(copy: Path, done: StudyReport) -> None:
    (copy / "results.json").unlink()
    report = resume(copy, HERE, Display())
    assert report.steps_run == 0
    assert results(copy) == results(done.folder)


def test_what_is_lost_or_damaged_is_done_again(copy: Path, done: StudyReport) -> None:
    damaged, lost = (copy / "steps" / products(done, step)[0].name for step in ("export", "simulate"))
    (damaged / "files" / "net.onnx").write_bytes(b"")
    shutil.rmtree(lost)
    display = Display()
    resume(copy, HERE, display)
    assert sorted(display.steps) == ["export", "simulate"]
    assert results(copy) == results(done.folder)


def test_another_grid_takes_what_is_there(copy: Path, options: ExploreOptions) -> None:
    assert options.grid is not None
    options.grid.write_text('norms = ["exact"]\nseconds = [0.25]\nstreams = [1, 2]\n')
    display = Display()
    report = run(dataclasses.replace(options, folder=copy), display=display)
    assert [row.outcome for row in report.rows] == ["measured", "measured"]
    assert sorted(display.steps) == ["check", "export"]


def test_workers_find_the_same_bytes(options: ExploreOptions, done: StudyReport) -> None:
    run(options, RunOptions(workers=2))
    assert results(options.folder) == results(done.folder)
    kept = {path.name for path in done.store.iterdir()}
    assert {path.name for path in (options.folder / "steps").iterdir()} == kept


def test_a_killed_run_goes_on(options: ExploreOptions, done: StudyReport) -> None:
    assert options.grid is not None
    words = ["explore", options.checkpoint, str(options.speech_folder), "-o", str(options.folder)]
    words += ["--grid", str(options.grid), "--windows", "8", "--any-data", "--workers", "1"]
    command = [sys.executable, "-m", "tasnet2hef", *words]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(HOME)}, start_new_session=True) as process:
        deadline = time.monotonic() + 120
        while not list((options.folder / "steps").glob("export-*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    report = resume(options.folder, HERE, Display())
    assert report.steps_kept
    assert [row.outcome for row in report.rows] == [row.outcome for row in done.rows]
    assert report.failed == ()


def test_a_point_that_fails_costs_itself_only(
    copy: Path, done: StudyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = copy / "steps" / products(done, "simulate")[0].name
    shutil.rmtree(lost)

    def fail(*_: object) -> dict[str, Any]:
        raise MemoryError("16 GB")

    real = steps._steps()
    monkeypatch.setattr(steps, "_steps", lambda: {**real, "simulate": fail})
    report = resume(copy, HERE, Display())
    assert {row.reason for row in report.failed} == {"simulate: MemoryError: 16 GB"}
    assert report.steps_run == 0
    assert {row.outcome for row in report.rows} == {"failed", "measured", "refused"}
    monkeypatch.undo()
    assert resume(copy, HERE, Display()).failed == ()
    assert results(copy) == results(done.folder)


def test_a_study_is_one_run_at_a_time(copy: Path) -> None:
    with locked(copy), pytest.raises(OptionError, match="found another run at work there"):
        resume(copy, HERE, Display())


def test_points_are_compiled_where_the_compiler_is(
    copy: Path, done: StudyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    report = resume(copy, RunOptions(workers=1, compiles="all"), Display())
    whole = [row for row in report.rows if row.compiled is not None]
    assert [row.number for row in whole] == [row.number for row in done.rows[:4] if row.is_candidate]
    assert {row.compiled["outcome"] for row in whole if row.compiled} == {"done"}
    for place in (copy / "steps").glob("compile-*"):
        names = {path.name for path in (place / "files").iterdir()}
        assert {"net.hef", "translate.log", "optimize.log", "compile.log"} <= names
    assert any("use `convert`" in note for note in report.notes)


def test_where_no_compiler_is_nothing_is_known_of_a_point_and_nothing_is_kept(
    copy: Path, done: StudyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasnet2hef.explore.chip_steps.hailo_python", lambda _: (sys.executable, ""))
    report = resume(copy, RunOptions(workers=0, compiles="front"), Display())
    assert report.recommendation is not None
    assert {row.compiled for row in report.rows} == {None}
    assert any(note.startswith("not compiled: ") for note in report.notes)
    assert not list((copy / "steps").glob("compile-*"))
    assert report.steps_kept == done.steps_run
    assert results(copy) == results(done.folder)


def test_mixtures_without_sources_are_judged_by_agreement(
    options: ExploreOptions, speech: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mixtures"
    folder.mkdir()
    voices = [sorted((speech / f"speaker_{number}").glob("*.wav")) for number in (1, 2)]
    for number, (one, other) in enumerate(zip(*voices, strict=True)):
        (a, rate_hz), (b, _) = soundfile.read(one), soundfile.read(other)
        length = min(len(a), len(b))
        soundfile.write(folder / f"{number}_mixture.wav", 0.5 * (a[:length] + b[:length]), rate_hz)
    assert options.grid is not None
    options.grid.write_text("seconds = [0.25]\n")
    (row,) = run(dataclasses.replace(options, speech_folder=folder)).rows
    assert row.float_lost_db is not None
    assert row.lost_db is not None
    assert 0 <= row.float_lost_db < row.lost_db


def test_the_default_grid_for_a_net_says_what_can_not_be_built(options: ExploreOptions) -> None:
    points = plan_points(dataclasses.replace(options, grid=None))
    assert {point.norms for point in points} == {"exact", "frozen"}
    assert not options.folder.exists()


def test_an_obstacle_is_a_row_without_a_step(options: ExploreOptions, copy: Path) -> None:
    assert options.grid is not None
    options.grid.write_text('seconds = [0.25]\nends = ["host"]\nprecision = ["a16_w16"]\n')
    report = run(dataclasses.replace(options, folder=copy))
    assert (report.rows[0].outcome, report.steps_run) == ("refused", 0)
    assert report.rows[0].reason == report.rows[0].point.obstacle


def other_model(options: ExploreOptions, copy: Path) -> ExploreOptions:
    path = copy.parent / "other.pth"
    torch.save(serialize(random_reference(small_spec(norm_type="gLN"), seed=1)), path)
    return dataclasses.replace(options, folder=copy, checkpoint=str(path))


def other_contents(options: ExploreOptions, copy: Path) -> ExploreOptions:
    (copy / "study.json").unlink()
    (copy / "lock").unlink()
    return dataclasses.replace(options, folder=copy)


def damaged(options: ExploreOptions, copy: Path) -> ExploreOptions:
    (copy / "study.json").write_text('{"model": 3}')
    return dataclasses.replace(options, folder=copy)


def unknown_student(options: ExploreOptions, copy: Path) -> ExploreOptions:
    assert options.grid is not None
    options.grid.write_text('norms = ["student.pth"]\n')
    return options


def misspelt_norms(options: ExploreOptions, copy: Path) -> ExploreOptions:
    assert options.grid is not None
    options.grid.write_text('norms = ["Frozen"]\n')
    return options


def student_of_another_rate(options: ExploreOptions, copy: Path) -> ExploreOptions:
    path = copy.parent / "student.pth"
    torch.save(serialize(random_reference(small_spec(sample_rate=16000))), path)
    assert options.grid is not None
    options.grid.write_text(f'norms = ["{path}"]\n')
    return options


def inside_the_speech(options: ExploreOptions, copy: Path) -> ExploreOptions:
    return dataclasses.replace(options, folder=options.speech_folder / "study")


def noise(options: ExploreOptions, copy: Path) -> ExploreOptions:
    for voice in "ab":
        (copy.parent / "noise" / voice).mkdir(parents=True)
        for number in range(4):
            samples = np.random.default_rng(number).normal(0, 0.05, 8000)
            soundfile.write(copy.parent / "noise" / voice / f"{number}.wav", samples, 8000)
    return dataclasses.replace(
        options,
        speech_folder=copy.parent / "noise",
        speech=dataclasses.replace(options.speech, any_data=False),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_model, "found a study of another model"),
        (other_contents, "contains something other than a study"),
        (damaged, "study.json: damaged"),
        (unknown_student, "student.pth"),
        (misspelt_norms, "norms: found 'Frozen', expected exact, frozen or a checkpoint; did you mean frozen?"),
        (student_of_another_rate, "found sample_rate 16000, expected the model's 8000"),
        (inside_the_speech, "lies in the speech"),
        (noise, "SI-SDR improvement"),
    ],
)
def test_what_can_not_be_explored_is_one_line_and_leaves_all_as_it_was(
    change: Any, words: str, options: ExploreOptions, copy: Path
) -> None:
    changed = change(options, copy)
    before = sorted(copy.rglob("*"))
    with pytest.raises(Tasnet2HefError) as caught:
        run(changed)
    assert words in str(caught.value)
    assert sorted(copy.rglob("*")) == before
    assert not options.folder.exists()
    assert not (options.speech_folder / "study").exists()


def test_no_study_is_no_study(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(OptionError, match=r"found no study\.json in it"):
        resume(tmp_path, HERE, Display())
    study = json.loads((copy / "study.json").read_text())
    (copy / "study.json").write_text(json.dumps({**study, "version": "0.0.9"}))
    with pytest.raises(OptionError, match=r"made by tasnet2hef 0\.0\.9, expected"):
        resume(copy, HERE, Display())
    (copy / "study.json").write_text(json.dumps(study))
    shutil.rmtree(copy / "steps" / study["speech"])
    with pytest.raises(OptionError, match="begin the study again"):
        resume(copy, HERE, Display())
    with pytest.raises(OptionError, match="found no folder, expected one that all workers reach"):
        resume(copy, dataclasses.replace(HERE, shared=tmp_path / "none"), Display())
