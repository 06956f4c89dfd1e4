"""The whole path on the demo nets: resumed, stopped where something is broken, with and without the compiler."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.progress import StepProgress, no_step_progress
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.guide.go import go
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.plan import plan
from tasnet2hef.guide.report import GoReport, StepReport
from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.train.options import FreezeOptions, SpeechOptions
from tasnet2hef.train.saving import serialize
from tests.compiler.conftest import STAND_IN, Silence
from tests.random_weights import random_reference, small_spec

ASSETS = Path(__file__).parents[2] / "assets"
HOME = STAND_IN.parents[2]
RATE_HZ = 8000
NAMES = ["model", "speech", "norms", "form", "export", "check", "calibrate", "simulate", "listen", "compile"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_charts")]


class Display:
    """A display that keeps what it is shown."""

    def __init__(self) -> None:
        self.stages = Silence()
        self.ended_steps: list[str] = []

    @contextmanager
    def working(self, step: str) -> Iterator[StepProgress]:
        yield no_step_progress

    def ended(self, step: StepReport) -> None:
        self.ended_steps.append(step.name)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Two speakers: the sources of the demo mixture, cut into recordings."""
    for number in (1, 2):
        samples, rate_hz = soundfile.read(ASSETS / f"demo_source_{number}.wav", dtype="float32")
        assert rate_hz == RATE_HZ
        folder = tmp_path / "speech" / f"speaker_{number}"
        folder.mkdir(parents=True)
        for part, cut in enumerate(np.array_split(samples, 4)):
            soundfile.write(folder / f"{part}.wav", cut, RATE_HZ)
    return tmp_path / "speech"


def options(speech: Path, net: str = "demo_student", **settings: object) -> GoOptions:
    compiling = CompileOptions(python=sys.executable)
    few = SpeechOptions(seconds=1.0, validation_clips=3, test_clips=3)
    chosen = GoOptions(
        checkpoint=str(ASSETS / f"{net}.pth"),
        speech_folder=speech,
        folder=speech.parent / "build",
        name="net",
        seconds=0.5,
        windows=8,
        speech=few,
        freezing=FreezeOptions(clips=8),
        compiling=compiling,
    )
    return dataclasses.replace(chosen, **settings)  # type: ignore[arg-type]


def run(chosen: GoOptions) -> GoReport:
    display = Display()
    report = go(chosen, display)
    assert display.ended_steps == [step.name for step in report.steps]
    return report


def step(report: GoReport, name: str) -> StepReport:
    return next(step for step in report.steps if step.name == name)


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.setenv("PYTHONPATH", str(HOME))


@pytest.mark.usefixtures("no_compiler")
def test_from_gln_to_a_bundle_and_again(speech: Path) -> None:
    chosen = options(speech, "demo_model")
    first = run(chosen)
    assert [each.name for each in first.steps] == NAMES
    assert step(first, "compile").outcome == "not compiled"
    assert "gLN needs the whole clip; frozen to constants" in step(first, "norms").reason
    assert "--distil trains for at most" in step(first, "norms").reason
    assert step(first, "norms").lost_db is not None
    assert "2 added up in each" in step(first, "calibrate").reason
    assert (chosen.place(".report") / "audio" / "float_1.flac").is_file()
    assert first.next.command.startswith("scp -r ")

    second = run(chosen)
    kept = [each.name for each in second.steps if each.is_kept]
    assert kept == ["speech", "norms", "export", "calibrate", "simulate", "listen"]
    assert [each.reason for each in second.steps[:-1]] == [each.reason for each in first.steps[:-1]]

    third = run(dataclasses.replace(chosen, windows=9))
    kept = [each.name for each in third.steps if each.is_kept]
    assert kept == ["speech", "norms", "export"], "own files are replaced where an option changed"


@pytest.mark.usefixtures("no_compiler")
def test_what_the_user_edited_is_not_replaced(speech: Path) -> None:
    chosen = options(speech)
    run(chosen)
    script = chosen.place(".alls")
    script.write_text("# mine\n")
    with pytest.raises(OptionError, match=r"net\.alls: found a file that this command did not make"):
        run(dataclasses.replace(chosen, windows=9))
    assert script.read_text() == "# mine\n"


def test_a_hef(speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    report = run(options(speech))
    assert report.verdict != "broken"
    assert step(report, "compile").files == (speech.parent / "build" / "net.hef",)
    assert report.compiled is not None
    assert report.compiled.outcome == "done"
    assert report.next.command.startswith("tasnet2hef separate ")
    assert parse_script((speech.parent / "build" / "net.alls").read_text())


def test_noise_stops_before_anything_is_made_of_it(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "noise" / name).mkdir(parents=True)
        for number in range(4):
            samples = generator.normal(0, 0.05, 2 * RATE_HZ)
            soundfile.write(tmp_path / "noise" / name / f"{number}.wav", samples, RATE_HZ)
    report = run(options(tmp_path / "noise", "demo_model"))
    assert [each.name for each in report.steps] == ["model", "speech"]
    assert report.verdict == "broken"
    assert report.next.command == f"tasnet2hef go {ASSETS / 'demo_model.pth'} OTHER_SPEECH/"
    assert [path.name for path in (tmp_path / "build").iterdir()] == ["net.go"]


def test_one_voice_leaves_nothing_behind(speech: Path) -> None:
    (speech / "speaker_2").rename(speech.parent / "elsewhere")
    (speech / "speaker_1").rename(speech / "it_IT_m_Carlo")
    with pytest.raises(AudioError, match="expected at least 2 speakers"):
        run(options(speech, "demo_model"))
    assert not (speech.parent / "build").exists()


def test_a_net_that_8_bits_break_is_not_compiled(speech: Path) -> None:
    """The net has random weights; that it separates nothing is taken, and that 8 bits break it is not."""
    checkpoint = speech.parent / "random.pth"
    torch.save(serialize(random_reference(small_spec(norm_type="bN")), None), checkpoint)
    few = SpeechOptions(seconds=1.0, validation_clips=3, test_clips=3, any_data=True)
    chosen = options(speech, search=False, checkpoint=str(checkpoint), seconds=0.1, windows=4)
    report = run(dataclasses.replace(chosen, speech=few))
    assert step(report, "speech").verdict == "usable"
    assert report.steps[-1].name == "simulate"
    assert report.steps[-1].verdict == "broken"
    assert "--search" in report.next.command
    assert not list((speech.parent / "build").glob("*.run"))


def test_a_plan_writes_nothing(speech: Path) -> None:
    before = sorted(speech.parent.rglob("*"))
    steps = {each.name: each for each in plan(options(speech, "demo_model"))}
    assert sorted(speech.parent.rglob("*")) == before
    assert list(steps) == [*NAMES[:-2], "search", "compile"]
    assert "8 recordings, 2 speakers" in steps["speech"].what
    assert "--distil trains instead, for at most" in steps["norms"].what
    norms, search = steps["norms"].minutes, steps["search"].minutes
    assert norms is not None
    assert search is not None
    assert norms > 0
    assert "search" not in {each.name for each in plan(options(speech, search=False))}
