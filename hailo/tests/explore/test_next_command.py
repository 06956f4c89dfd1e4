"""The command that follows a study, for each way that it can end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasnet2hef.explore.front import Recommendation, front_of
from tasnet2hef.explore.next_command import command_for, following_command
from tasnet2hef.explore.options import Study
from tasnet2hef.explore.planner import Planner
from tasnet2hef.explore.point import Point
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.row import Row
from tasnet2hef.explore.study import StudyReport
from tests.explore.rows import row

STUDY = Study("my net.pth", "speech", "model-1", "speech-1", (Point(),), grid="grid.toml", settings=("--assume",))
BEGINS = "tasnet2hef explore 'my net.pth' speech --assume --hw hailo8 -o study"


def report(*rows: Row, best: Row | None = None, study: Study = STUDY, folder: Path = Path("study")) -> StudyReport:
    recommended = None if best is None else Recommendation(best, "the least loss")
    return StudyReport(study, folder, rows, front_of(rows), recommended, {}, 0, 0, folder / "steps")


def test_what_was_lost_is_tried_again() -> None:
    lost = Row(number=1, point=Point(), outcome="failed", reason="memory")
    assert following_command(report(lost)) == "tasnet2hef explore study"
    shared = replace(report(lost), store=Path("/shared"))
    assert following_command(shared) == "tasnet2hef explore study --shared /shared"


def test_what_was_not_measured_is_measured() -> None:
    looked = report(row(1, None), study=replace(STUDY, simulates=False))
    assert following_command(looked) == f"{BEGINS} --grid grid.toml"
    assert looked.headline.startswith("losses are not measured")


def test_how_the_speech_is_read_stays_in_the_command() -> None:
    study = replace(STUDY, simulates=False, any_data=True, windows=8, speech_settings=("--speakers", "files"))
    words = "--assume --speakers files --hw hailo8 --windows 8 --any-data -o study --grid grid.toml"
    assert following_command(report(row(1, None), study=study)).endswith(words)


def test_a_limit_that_nothing_keeps_is_left_out_and_a_grid_that_can_not_be_built_too() -> None:
    assert following_command(report(row(1, 0.1))) == "tasnet2hef explore study"
    refused = Row(number=1, point=Point(), outcome="refused", reason="no form")
    assert following_command(report(refused)) == BEGINS


def test_a_loss_that_is_broken_is_never_taken() -> None:
    bad = report(row(1, 2.5), best=row(1, 2.5))
    assert bad.verdict == "broken"
    assert bad.headline == "no point is usable; the best is 1: exact, 2 s (2.50 dB lost: broken)"
    assert following_command(bad).startswith("tasnet2hef distil 'my net.pth' speech --assume --noise-bits 8 -o ")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (Point(), "'my net.pth' --assume --seconds 2"),
        (Point(norms="frozen", residual="joint"), "{folder}/frozen.pth --seconds 2 --residual joint"),
        (Point(norms="student.pth", seconds=0.5), "student.pth --seconds 0.5"),
        (Point(chunk=64, shift="layer"), "'my net.pth' --assume --stateful --chunk 64"),
        (Point(streams=4), "'my net.pth' --assume --seconds 2 --streams 4 --alls {folder}/eight_bits.alls"),
        (Point(streams=4, segments=2), "'my net.pth' --assume --seconds 2 --streams 4 --segments 2 --no-simulate"),
        (Point(segments=2), "'my net.pth' --assume --seconds 2 --segments 2"),
        (Point(ends="host"), "'my net.pth' --assume --seconds 2 --ends host"),
        (Point(precision="search"), "'my net.pth' --assume --seconds 2 --search"),
        (Point(precision="a16_w16"), "'my net.pth' --assume --seconds 2 --alls {folder}/sixteen_bits.alls"),
    ],
)
def test_what_is_recommended_is_converted(point: Point, words: str, tmp_path: Path) -> None:
    study, store = replace(STUDY, students={"student.pth": "model-2"}), Store(tmp_path / "steps")
    keys = Planner(study).point(point)
    store.put(keys.norms, Product({}, {"model.pth": b"net"}))
    store.put(keys.scores, Product({}, {f"net.{point.precision}.alls": b"script"}))
    expected = f"tasnet2hef convert {words.format(folder=tmp_path)} --hw hailo8 --calib-audio speech"
    assert command_for(study, tmp_path, store, point).startswith(f"{expected} -o {tmp_path}/")


def test_paths_are_those_of_the_folder_that_the_command_is_typed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = replace(STUDY, checkpoint=str(tmp_path / "net.pth"), speech_folder=str(tmp_path / "speech"), grid="")
    looked = report(row(1, None), study=replace(study, simulates=False))
    assert str(tmp_path / "net.pth") in following_command(looked)
    monkeypatch.chdir(tmp_path)
    assert following_command(looked).startswith("tasnet2hef explore net.pth speech ")


def test_windows_are_drawn_as_they_were_in_the_study(tmp_path: Path) -> None:
    study = replace(STUDY, windows=8, any_data=True)
    command = command_for(study, tmp_path, Store(tmp_path / "steps"), Point())
    assert command.endswith(f"--calib-audio speech --windows 8 --any-data -o {tmp_path}/exact_2_s")
    looked = report(row(1, None), study=replace(study, simulates=False))
    assert following_command(looked) == (
        "tasnet2hef explore 'my net.pth' speech --assume --hw hailo8 --windows 8 --any-data -o study "
        "--grid grid.toml"
    )
