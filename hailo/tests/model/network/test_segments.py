"""Segments of a graph, run one after the other, give its numbers."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, ExportReport, export_checkpoint
from tasnet2hef.model.segments import balanced_cuts
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segments import SegmentChain, open_graph
from tests.random_weights import random_reference, small_spec

EXACT_DB = 100.0
PAIR = "ONNX Runtime / segments in ONNX Runtime"


def _export(path: Path, segments: int, seed: int = 0, residual: str = "separate", **spec: object) -> ExportReport:
    streams = 2 if segments == 2 else 1
    options = ExportOptions(seconds=0.1, segments=segments, residual=residual, streams=streams)
    return export_checkpoint(from_module(random_reference(small_spec(**spec), seed)), path, options)


@pytest.mark.slow
@pytest.mark.parametrize("segments", [2, 3, 6])
@pytest.mark.parametrize("residual", ["separate", "joint"])
@pytest.mark.parametrize(
    "spec", [{"norm_type": "gLN"}, {"norm_type": "bN"}, {"norm_type": "cLN", "skip_chan": None}], ids=str
)
def test_a_chain_gives_the_same_numbers(
    tmp_path: Path, spec: dict[str, object], residual: str, segments: int
) -> None:
    report = _export(tmp_path / "net.onnx", segments, residual=residual, **spec)
    assert {row.pair: row.db for row in report.parity}[PAIR] >= EXACT_DB
    assert [path.name for path in report.segment_paths] == [
        f"net.segment_{n}.onnx" for n in range(1, segments + 1)
    ]
    whole, chain = OnnxRuntimeBackend(tmp_path / "net.onnx", 1), open_graph(report.segment_paths[-1], 1)
    assert isinstance(chain, SegmentChain)
    shape = (whole.contract.rows, whole.contract.streams * 8)
    frames = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    np.testing.assert_allclose(chain.run(frames), whole.run(frames), rtol=1e-4, atol=1e-5)


def test_the_residual_and_the_skip_sum_cross_a_cut(tmp_path: Path) -> None:
    paths = _export(tmp_path / "net.onnx", 2, norm_type="bN").segment_paths
    first, second = (onnx.load(path).graph for path in paths)
    crossing = [port.name for port in first.output]
    block = crossing[0].split("/")[0]
    assert crossing == [f"{block}/residual_sum", f"{block}/skip_sum"]
    assert [port.name for port in second.input] == ["frames", *crossing]
    nodes = [node.name for node in (*first.node, *second.node)]
    assert {name for name in nodes if nodes.count(name) > 1} == {"encoder"}


@given(costs=st.lists(st.integers(1, 20), min_size=2, max_size=8), data=st.data())
def test_cuts_are_the_best_there_are(costs: list[int], data: st.DataObject) -> None:
    segments = data.draw(st.integers(1, len(costs)))

    def largest(cuts: tuple[int, ...]) -> int:
        return max(sum(costs[a:b]) for a, b in itertools.pairwise((0, *cuts, len(costs))))

    best = min(largest(cuts) for cuts in itertools.combinations(range(1, len(costs)), segments - 1))
    assert largest(balanced_cuts(costs, segments)) == best


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    for segments in (0, 7):
        with pytest.raises(OptionError, match=f"segments: found {segments}, expected 1 to 6"):
            _export(tmp_path / "net.onnx", segments)
    causal = from_module(random_reference(small_spec(norm_type="bN", causal=True)))
    with pytest.raises(OptionError, match="found 2 for a stateful graph"):
        export_checkpoint(causal, tmp_path / "net.onnx", ExportOptions(chunk_frames=8, segments=2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_segments_of_different_exports_are_not_combined(tmp_path: Path) -> None:
    paths = _export(tmp_path / "a.onnx", 3).segment_paths
    others = _export(tmp_path / "b.onnx", 3, seed=1).segment_paths
    others[1].replace(paths[1])
    with pytest.raises(GraphError, match=r"a.segment_2.onnx: found segment 2 of 3 of export .*, expected 2 of 3"):
        open_graph(paths[0])
    paths[1].unlink()
    with pytest.raises(GraphError, match=r"a.segment_2.onnx: found nothing, expected an ONNX file"):
        open_graph(paths[0])
