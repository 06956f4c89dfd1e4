"""A made HEF is accompanied by what tells how to feed it."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.runtime.backends.hailort.sidecar import describe, read_sidecar
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import FinishedRun


def test_a_hef_gets_its_record(finished: FinishedRun, model: Path) -> None:
    report = finished.report
    assert report.hef is not None
    record = read_sidecar(report.hef.path)
    assert (record.hardware, record.compiler) == ("hailo8", report.hef.compiler_version)
    assert record.contract == describe(OpenedGraph.read(model)).contract
    assert record.inputs[0].origins == ("frames", "small/input_layer1")
    names = [name for port in record.outputs for name in port.origins if name.startswith("small/output_layer")]
    assert names == ["small/output_layer1", "small/output_layer2"]
