"""A tall graph gives the same numbers in the wide layout; a graph without a wide form runs as written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.wide_layout import can_be_wide, to_wide
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.conftest import HAS_TORCH

pytestmark = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which makes the graphs")

NETS = [
    {"norm_type": "gLN", "mask_act": "sigmoid"},
    {"norm_type": "fgLN", "mask_act": "softmax", "n_src": 3},
    {"norm_type": "cLN", "causal": True, "encoder_activation": "sigmoid"},
    {"norm_type": "bN", "mask_act": "gelu", "skip_chan": 0},
    {"norm_type": "gLN", "mask_act": "swish", "out_chan": 1, "encoder_activation": "leaky_relu"},
]


def export(path: Path, options: dict[str, object], **chosen: object) -> Path:
    from tasnet2hef.model.checkpoint import from_module
    from tasnet2hef.model.export import ExportOptions, export_checkpoint
    from tests.random_weights import random_reference, small_spec

    export_checkpoint(from_module(random_reference(small_spec(**options))), path, ExportOptions(**chosen))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("options", NETS, ids=lambda options: f"{options['norm_type']}-{options.get('mask_act')}")
def test_the_numbers_are_the_same(tmp_path: Path, options: dict[str, object]) -> None:
    path = export(tmp_path / "net.onnx", options, seconds=0.3)
    wide, tall = OnnxRuntimeBackend(path, 1), OnnxRuntimeBackend(path, 1, as_written=True)
    shapes = [backend._session.get_inputs()[0].shape for backend in (wide, tall)]
    assert shapes[0] == [shapes[1][0], shapes[1][1], shapes[1][3], shapes[1][2]]
    frames = np.random.default_rng(0).standard_normal((wide.contract.rows, 8)).astype(np.float32)
    expected = tall.run(frames)
    error = np.abs(wide.run(frames) - expected).max()
    assert error <= 1e-5 * np.abs(expected).max(), f"largest error {error}"


@pytest.mark.parametrize("chosen", [{"streams": 2}, {"layout": "wide"}, {"shift": "layer"}])
def test_other_graphs_run_too(tmp_path: Path, chosen: dict[str, object]) -> None:
    path = export(tmp_path / "net.onnx", {"norm_type": "bN"}, seconds=0.3, **chosen)
    backend = OnnxRuntimeBackend(path, 1)
    contract = backend.contract
    assert can_be_wide(contract) == (chosen == {"shift": "layer"})
    frames = np.ones((contract.rows, 8 * contract.streams), np.float32)
    tall = OnnxRuntimeBackend(path, 1, as_written=True)
    np.testing.assert_allclose(backend.run(frames), tall.run(frames), rtol=1e-4, atol=1e-5)


def test_an_operator_that_is_not_known_is_refused_and_runs_as_written(tmp_path: Path) -> None:
    path = export(tmp_path / "net.onnx", {"norm_type": "bN", "mask_act": "relu"}, seconds=0.3)
    model = onnx.load(path)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Softsign"
    onnx.save(model, path)
    with pytest.raises(GraphError, match="found Softsign, which is not known to have a wide form"):
        to_wide(OpenedGraph.read(path))
    backend = OnnxRuntimeBackend(path, 1)
    assert np.isfinite(backend.run(np.ones((backend.contract.rows, 8), np.float32))).all()
