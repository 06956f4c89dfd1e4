"""What is sent to others contains nothing trained, no path and no comment, and is static."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.prepare import prepared, randomised
from tasnet2hef.target.rules.framework.sketch import LARGEST_STORED, GraphSketch
from tests.diagnose.reduce.conftest import saved


def _trained() -> onnx.ModelProto:
    draw = GraphSketch()
    value = draw.conv(draw.input("batch", 4, 6, 1), 4, 8, (3, 1), pads=[1, 0, 1, 0])
    larger = draw.node("Resize", value, "", draw.weight(4), mode="nearest")
    model = draw.model(draw.node("Reshape", larger, draw.integers(1, 48, 1, 1)))
    numbers = np.random.default_rng(5).standard_normal((8, 4, 3, 1)).astype(np.float32)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(numbers, model.graph.initializer[0].name))
    scales = numpy_helper.from_array(np.float32([1, 1, 1, 1]), model.graph.initializer[1].name)
    model.graph.initializer[1].CopyFrom(scales)
    model.graph.doc_string = model.graph.node[0].doc_string = "/home/someone/train.py:12"
    helper.set_model_props(model, {"made_by": "/home/someone"})
    return model


def test_weights_become_random_and_the_rest_stays(tmp_path: Path) -> None:
    model = prepared(saved(tmp_path, _trained()), {"input_1": (1, 4, 6, 1)})
    changed = randomised(model)
    old, new = ({t.name: numpy_helper.to_array(t) for t in each.graph.initializer} for each in (model, changed))
    assert not np.any(old["weight_1"] == new["weight_1"])
    assert old["weight_1"].min() <= new["weight_1"].min() < new["weight_1"].max() <= old["weight_1"].max()
    assert [name for name in old if np.array_equal(old[name], new[name])] == ["weight_2", "integers_3"]
    assert randomised(model) == changed
    assert randomised(changed) != model


def test_paths_and_comments_are_gone_and_shapes_are_static(tmp_path: Path) -> None:
    model = prepared(saved(tmp_path, _trained()), {"input_1": (1, 4, 6, 1)})
    assert b"someone" not in model.SerializeToString()
    assert [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == [1, 4, 6, 1]
    onnx.checker.check_model(model, full_check=True)


def test_a_dynamic_graph_needs_a_shape(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="input_1 has dynamic axes"):
        prepared(saved(tmp_path, _trained()), {})


def test_external_weights_are_loaded_and_absent_ones_are_random(tmp_path: Path) -> None:
    onnx.save(
        _trained(), tmp_path / "net.onnx", save_as_external_data=True, size_threshold=100, location="net.bin"
    )
    inside = prepared(tmp_path / "net.onnx", {"input_1": (1, 4, 6, 1)})
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in inside.graph.initializer}
    expected = {tensor.name: numpy_helper.to_array(tensor) for tensor in _trained().graph.initializer}
    assert all(np.array_equal(arrays[name], expected[name]) for name in expected)
    draw = GraphSketch()
    absent = draw.conv(draw.input(1, LARGEST_STORED, 1, 1), LARGEST_STORED, 2)
    weights = randomised(prepared(saved(tmp_path, draw.model(absent), "absent.onnx"), {})).graph.initializer[0]
    assert weights.data_location == onnx.TensorProto.DEFAULT
    assert numpy_helper.to_array(weights).shape == (2, LARGEST_STORED, 1, 1)
