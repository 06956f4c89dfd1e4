"""Whatever is cut out computes the same as inside the whole graph, and is valid by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.prepare import prepared
from tasnet2hef.diagnose.reduce.subgraph import SourceGraph, reads, source_graph
from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.diagnose.reduce.conftest import chain, saved

WORST = 1e-6


def branched() -> onnx.ModelProto:
    """Draw what makes cutting hard: a computed shape, a Constant, two outputs of one node, a body."""
    draw = GraphSketch()
    value = draw.input(1, 4, 6, 1)
    halves = draw.node("Split", value, axis=1, count=2)
    joined = draw.node("Concat", halves, f"{halves}_2", axis=1)
    shape = draw.node("Shape", joined)
    start = draw.node("Constant", value=onnx.numpy_helper.from_array(np.int64([0]), "none"))
    axis = draw.node("Slice", shape, start, draw.integers(1))
    wanted = draw.node("Concat", axis, draw.integers(2, 12, 1), axis=0)
    reshaped = draw.node("Reshape", joined, wanted)
    is_large = draw.node("Greater", draw.node("ReduceSum", value, keepdims=0), draw.scalar(0.5))
    then = _body(reshaped, "Neg")
    either = draw.node("If", is_large, then_branch=then, else_branch=_body(reshaped, "Abs"))
    model = draw.model(draw.node("Relu", either), reshaped)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def _body(outer: str, operator: str) -> onnx.GraphProto:
    name = f"{operator}_result"
    return helper.make_graph(
        [helper.make_node(operator, [outer], [name])],
        operator,
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, 12, 1])],
    )


def _values(source: SourceGraph) -> dict[str, np.ndarray]:
    """Run the whole graph and return every tensor of it."""
    model = onnx.ModelProto()
    model.CopyFrom(source.model)
    del model.graph.output[:]
    tensors = [name for node in model.graph.node for name in node.output if name]
    model.graph.output.extend(source.values[name] for name in tensors)
    return _run(model, {value.name: _noise(value) for value in model.graph.input})


def _run(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return feeds | dict(zip(names, session.run(names, feeds), strict=True))


def _noise(value: onnx.ValueInfoProto) -> np.ndarray:
    shape = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.fixture(scope="module", params=["chain", "branched"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SourceGraph:
    model = chain(12, {7: "Tanh"}) if request.param == "chain" else branched()
    return source_graph(prepared(saved(tmp_path_factory.mktemp(request.param), model), {}))


@settings(max_examples=25, deadline=None)
@given(draw=st.data())
def test_any_cut_computes_what_the_whole_does(whole: SourceGraph, draw: st.DataObject) -> None:
    kept = sorted(draw.draw(st.sets(st.sampled_from(whole.nodes), min_size=1)))
    part = whole.cut(kept)
    onnx.checker.check_model(part, full_check=True)
    assert [node.op_type for node in part.graph.node if node.op_type != "Constant"] == [
        whole.model.graph.node[place].op_type for place in kept
    ]
    expected = _values(whole)
    computed = _run(part, {value.name: expected[value.name] for value in part.graph.input})
    assert part.graph.output
    for value in part.graph.output:
        error = np.max(np.abs(np.subtract(computed[value.name], expected[value.name], dtype=np.float64)))
        assert error <= WORST, f"{value.name}: {error} off"


def test_a_cut_keeps_only_the_weights_that_it_reads(whole: SourceGraph) -> None:
    for place in whole.nodes:
        part = whole.cut([place])
        read = {name for node in part.graph.node for name in reads(node)}
        assert {tensor.name for tensor in part.graph.initializer} <= read
        assert {value.name for value in part.graph.input} <= read


def test_ancestors_are_what_the_last_node_needs(whole: SourceGraph) -> None:
    for last in whole.nodes:
        ancestors = whole.ancestors(place for place in whole.nodes if place <= last)
        alone = whole.cut(ancestors)
        originals = {value.name for value in whole.model.graph.input}
        assert {value.name for value in alone.graph.input} <= originals
        for place in ancestors[:-1]:
            outputs = set(whole.model.graph.node[place].output)
            assert any(outputs & set(reads(whole.model.graph.node[later])) for later in ancestors if later > place)


def test_no_cut_begins_at_a_tensor_of_unknown_type(tmp_path: Path) -> None:
    draw = GraphSketch()
    model = draw.model(draw.node("Relu", draw.node("Mystery", draw.node("Relu", draw.input(1, 4, 6, 1)))))
    model.graph.output[0].type.tensor_type.shape.dim.add(dim_value=1)
    source = source_graph(prepared(saved(tmp_path, model), {}))
    with pytest.raises(GraphError, match="tensor mystery_2: its type or shape is not known"):
        source.cut([2])
    assert [node.op_type for node in source.cut([1, 2]).graph.node] == ["Mystery", "Relu"]
