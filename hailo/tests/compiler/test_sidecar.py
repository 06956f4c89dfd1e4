"""A made HEF is accompanied by what tells how to feed it."""

from __future__ import annotations

from tasnet2hef.runtime.backends.hailort.sidecar import describe, read_sidecar
from tasnet2hef.target.graph.opened import OpenedGraph


def test_a_hef_gets_its_record(bench):
    report = bench.compile()
    assert report.hef is not None
    record = read_sidecar(report.hef.path)
    assert (record.hardware, record.compiler) == ("hailo8", report.hef.compiler_version)
    assert record.contract == describe(OpenedGraph.read(bench.model)).contract
    assert record.inputs[0].origins == ("frames", "small/input_layer1")
    names = [name for port in record.outputs for name in port.origins if name.startswith("small/output_layer")]
    assert names == ["small/output_layer1", "small/output_layer2"]
