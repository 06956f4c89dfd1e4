"""A command line is listed once, with all of its steps."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.report.facts import RunFacts, StepFacts
from tasnet2hef.report.pipeline_rows import calls


def step(name: str, command: str, **fields: object) -> StepFacts:
    return StepFacts(step=name, command=command, written=f"at {name}", graph_digest="f00", result={}, **fields)


def test_stages_of_one_command_stand_together() -> None:
    steps = {
        "export": step("export", "convert m.pth", digests={"m.pth": "abc"}, versions={"torch": "2.13.0"}),
        "check": step("check", "convert m.pth"),
        "simulate": step("simulate", "simulate net.onnx", digests={"calib.npz": "def"}),
    }
    first, second = calls(RunFacts("net", Path("net.report"), steps))
    assert (first.command, first.titles) == ("convert m.pth", ("Export to ONNX", "Check"))
    assert first.digests == {"net.onnx": "f00", "m.pth": "abc"}
    assert first.versions == {"torch": "2.13.0"}
    assert first.written == "at export"
    assert (second.titles, second.digests) == (("8-bit simulation",), {"net.onnx": "f00", "calib.npz": "def"})
