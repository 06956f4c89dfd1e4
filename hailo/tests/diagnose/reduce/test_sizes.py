"""A smaller graph is still one that runs; what would not fit together is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.prepare import prepared
from tasnet2hef.diagnose.reduce.sizes import resized, sizes_of
from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.diagnose.reduce.conftest import saved


def _depthwise(tmp_path: Path) -> onnx.ModelProto:
    draw = GraphSketch()
    value = draw.conv(draw.input(1, 16, 20, 1), 16, 16, (3, 1), group=16, pads=[1, 0, 1, 0])
    value = draw.conv(value, 16, 32)
    model = draw.model(draw.node("Reshape", value, draw.integers(1, 32, 20)))
    return prepared(saved(tmp_path, model), {})


@pytest.mark.parametrize(
    ("size", "smaller", "shape"), [(16, 8, [1, 32, 20]), (32, 5, [1, 5, 20]), (20, 10, [1, 32, 10])]
)
def test_a_size_changes_wherever_it_occurs(tmp_path: Path, size: int, smaller: int, shape: list[int]) -> None:
    model = _depthwise(tmp_path)
    assert sizes_of(model) == [32, 20, 16]
    smaller_model = resized(model, size, smaller)
    session = ort.InferenceSession(smaller_model.SerializeToString(), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    assert list(session.run(None, {source.name: np.ones(source.shape, np.float32)})[0].shape) == shape
    assert session.get_outputs()[0].shape == shape
    assert size not in sizes_of(smaller_model)


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    draw = GraphSketch()
    value = draw.input(1, 16, 20, 1)
    joined = draw.node("Concat", value, value, axis=1)
    model = prepared(saved(tmp_path, draw.model(draw.conv(joined, 32, 8))), {})
    with pytest.raises(GraphError, match="16 channels, its weights expect 32 in 1 groups"):
        resized(model, 16, 8)


def test_an_input_smaller_than_a_kernel_is_refused(tmp_path: Path) -> None:
    draw = GraphSketch()
    model = draw.model(draw.conv(draw.input(1, 2, 20, 1), 2, 2, (7, 1)))
    with pytest.raises(GraphError):
        resized(prepared(saved(tmp_path, model), {}), 20, 5)
