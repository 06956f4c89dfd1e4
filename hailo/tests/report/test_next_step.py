"""The next command: the right one at every point of the way, with the paths that the user typed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app
from tasnet2hef.report.facts import RunFacts, StepFacts
from tasnet2hef.report.next_step import Standing, next_step, standing_of
from tests.report.conftest import Run

GRAPH = Path("b/my net.onnx")
CHECKED = Standing(GRAPH, hardware="hailo8l", errors=())
CALIBRATED = Standing(GRAPH, hardware="hailo8l", errors=(), calibration=Path("b/calib.npz"))


@pytest.mark.parametrize(
    ("standing", "command"),
    [
        (Standing(GRAPH), "tasnet2hef check 'b/my net.onnx'"),
        (Standing(GRAPH, errors=("row-too-wide",)), "tasnet2hef rules row-too-wide"),
        (
            Standing(GRAPH, checkpoint="a.pth", errors=(), contexts=6, is_norm_exact=True),
            "tasnet2hef freeze a.pth speech/ -o frozen.pth",
        ),
        (
            Standing(GRAPH, checkpoint="a.pth", errors=("erf-activation",), contexts=6, is_norm_exact=True),
            "tasnet2hef rules erf-activation",
        ),
        (
            Standing(GRAPH, checkpoint="a.pth", errors=("mean-too-long",), is_norm_exact=True),
            "tasnet2hef freeze a.pth speech/ -o frozen.pth",
        ),
        (CHECKED, "tasnet2hef calibrate 'b/my net.onnx' speech/ -o 'b/my net.calib.npz'"),
        (CALIBRATED, "tasnet2hef simulate 'b/my net.onnx' b/calib.npz"),
        (
            Standing(**{**vars(CALIBRATED), "is_simulated": True, "script": Path("b/my net.alls")}),
            "tasnet2hef compile 'b/my net.onnx' --calib b/calib.npz --alls 'b/my net.alls' --hw hailo8l",
        ),
        (
            Standing(**{**vars(CHECKED), "hand_over": ("scp -r bundle HOST:", "./compile.sh")}),
            "scp -r bundle HOST:",
        ),
        (Standing(GRAPH, hef=Path("a.hef")), "tasnet2hef separate a.hef mixture.wav -o separated"),
    ],
)
def test_the_way_goes_on(standing: Standing, command: str) -> None:
    assert next_step(standing).command == command


def test_a_net_that_is_broken_at_8_bits_is_calibrated_anew() -> None:
    broken = Standing(**{**vars(CALIBRATED), "is_simulated": True, "is_broken": True})
    assert next_step(broken).command.startswith("tasnet2hef calibrate ")


def test_every_command_exists() -> None:
    import typer

    known = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
    for standing in (
        Standing(GRAPH),
        CHECKED,
        CALIBRATED,
        Standing(GRAPH, errors=("x",)),
        Standing(GRAPH, hef=GRAPH),
    ):
        assert shlex.split(next_step(standing).command)[1] in known


def test_a_run_is_read_with_the_files_beside_its_graph(whole_run: Run) -> None:
    at = standing_of(whole_run.facts)
    assert at.graph == whole_run.graph
    assert at.calibration == whole_run.calibration
    assert at.is_simulated
    assert at.errors == ()
    assert at.failure_commands == tuple(whole_run.compiled.to_json()["failure"]["commands"])


def test_the_checkpoint_is_the_one_that_was_converted() -> None:
    export = {"norm": "exact", "parity": []}
    facts = StepFacts(
        step="export",
        command="tasnet2hef convert 'my model.pth' -o build",
        written="a",
        graph_digest="d",
        graph=str(GRAPH),
        result=export,
    )
    at = standing_of(RunFacts("my net", Path("b/my net.report"), {"export": facts}))
    assert (at.checkpoint, at.is_norm_exact, at.graph) == ("my model.pth", True, GRAPH)
