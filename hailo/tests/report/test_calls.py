"""A command line is told once, with everything that it went through."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.report.calls import calls
from tasnet2hef.report.facts import RunFacts, StageFacts


def stage(name: str, command: str, **told: object) -> StageFacts:
    return StageFacts(stage=name, command=command, written=f"at {name}", graph_digest="f00", told={}, **told)


def test_stages_of_one_command_stand_together() -> None:
    stages = {
        "export": stage("export", "convert m.pth", digests={"m.pth": "abc"}, versions={"torch": "2.13.0"}),
        "check": stage("check", "convert m.pth"),
        "simulation": stage("simulation", "simulate net.onnx", digests={"calib.npz": "def"}),
    }
    first, second = calls(RunFacts("net", Path("net.report"), stages))
    assert (first.command, first.titles) == ("convert m.pth", ("Export to ONNX", "Check"))
    assert first.digests == {"net.onnx": "f00", "m.pth": "abc"}
    assert first.versions == {"torch": "2.13.0"}
    assert first.written == "at export"
    assert (second.titles, second.digests) == (("8-bit simulation",), {"net.onnx": "f00", "calib.npz": "def"})
