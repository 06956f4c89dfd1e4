"""The plain and the tall replay are, node for node, what PyTorch exports from genuine Asteroid nets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.replay import plain_3d, tall_4d

pytest.importorskip("torch", reason="genuine exports need torch")
from tests.asteroid_oracle import needs_asteroid
from tests.replay.genuine_exports import export_plain, export_slopes, export_tall

SMALL = TasNetSpec(
    n_src=2, n_filters=16, bn_chan=8, hid_chan=12, skip_chan=6, n_blocks=2, n_repeats=2, out_chan=16
)
SAMPLES = 404  # four samples more than whole frames, so that there is something to pad


def _steps(graph: OpenedGraph) -> list[tuple[object, ...]]:
    """Return what each node is and makes of which shapes, names left out."""
    return [
        (node.op_type, sorted(dict(node.attributes).items()), node.input_shapes, node.output_shapes)
        for node in graph.loaded.nodes
    ]


def _errors(graph: OpenedGraph) -> list[tuple[str, str]]:
    return [(finding.rule, finding.message) for finding in check_graph(graph).errors]


@pytest.mark.slow
@needs_asteroid
def test_the_plain_replay_is_asteroids_export(tmp_path: Path) -> None:
    replayed = OpenedGraph(plain_3d.build(SMALL, SAMPLES))
    genuine = export_plain(SMALL, SAMPLES, tmp_path / "plain.onnx")
    assert _steps(replayed) == _steps(genuine)
    assert _errors(replayed) == _errors(genuine) != []


@pytest.mark.slow
@needs_asteroid
def test_the_tall_replay_is_the_patched_nets_export(tmp_path: Path) -> None:
    model = tall_4d.build(SMALL, SAMPLES, slopes="[1, 1, 1, 1]")
    replayed = OpenedGraph(model)
    genuine = export_tall(SMALL, SAMPLES, tmp_path / "tall.onnx")
    assert _steps(replayed) == _steps(genuine)
    assert _errors(replayed) == _errors(genuine) != []


@pytest.mark.slow
@pytest.mark.parametrize("dynamo", [False, True])
def test_exporters_align_slopes_with_the_channels(tmp_path: Path, dynamo: bool) -> None:
    (node,) = export_slopes(12, tmp_path / "slopes.onnx", dynamo=dynamo).loaded.nodes
    tensor, slope = node.input_shapes
    assert (node.op_type, tensor) == ("PRelu", (1, 12, 7, 1))
    assert slope[-3:] == (12, 1, 1)
