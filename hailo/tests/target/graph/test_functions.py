"""Local functions: counted before they are inlined, refused where they call themselves."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.functions import MOST_LEVELS, MOST_NODES, inline_functions

OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]


def call(name: str, source: str, target: str) -> onnx.NodeProto:
    return helper.make_node(name, [source], [target], domain="local")


def function(name: str, *nodes: onnx.NodeProto) -> onnx.FunctionProto:
    return helper.make_function("local", name, ["a"], ["b"], list(nodes), OPSETS)


def model_of(*functions: onnx.FunctionProto, first: str = "f0") -> onnx.ModelProto:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("x", "y")]
    graph = helper.make_graph([call(first, "x", "y")], "test", ports[:1], ports[1:])
    return helper.make_model(graph, opset_imports=OPSETS, functions=list(functions))


def doubling(levels: int) -> list[onnx.FunctionProto]:
    """Return functions each of which calls the next one twice: 2**levels nodes."""
    last = function(f"f{levels}", helper.make_node("Relu", ["a"], ["b"]))
    return [
        *(function(f"f{n}", call(f"f{n + 1}", "a", "t"), call(f"f{n + 1}", "t", "b")) for n in range(levels)),
        last,
    ]


def test_functions_are_inlined() -> None:
    inlined = inline_functions(model_of(*doubling(3)), "net.onnx")
    assert [node.op_type for node in inlined.graph.node] == ["Relu"] * 8


@pytest.mark.parametrize("levels", [14, 60])
def test_functions_that_make_too_many_nodes_are_counted_not_inlined(levels: int) -> None:
    with pytest.raises(GraphError) as caught:
        inline_functions(model_of(*doubling(levels)), "net.onnx")
    assert f"make {2**levels:,} nodes of it, expected at most {MOST_NODES:,}" in str(caught.value)


@pytest.mark.parametrize("ring", [1, 2, 3])
@pytest.mark.parametrize("first", ["f0", "other"], ids=["called", "not called"])
def test_functions_that_call_themselves_are_refused(ring: int, first: str) -> None:
    functions = [function(f"f{n}", call(f"f{(n + 1) % ring}", "a", "b")) for n in range(ring)]
    plain = function("other", helper.make_node("Relu", ["a"], ["b"]))
    with pytest.raises(GraphError, match="its local function f0 calls itself"):
        inline_functions(model_of(*functions, plain, first=first), "net.onnx")


def test_a_function_that_calls_itself_in_a_branch_is_refused() -> None:
    port = helper.make_tensor_value_info("c", TensorProto.FLOAT, [1, 4])
    branch = helper.make_graph([call("f0", "a", "c")], "branch", [], [port])
    choice = helper.make_node("If", ["a"], ["b"], then_branch=branch, else_branch=branch)
    with pytest.raises(GraphError, match="calls itself"):
        inline_functions(model_of(function("f0", choice)), "net.onnx")


@pytest.mark.parametrize("count", [MOST_LEVELS + 5, 5000])
def test_functions_inside_one_another_are_limited(count: int) -> None:
    functions = [function(f"f{n}", call(f"f{n + 1}", "a", "b")) for n in range(count)]
    last = function(f"f{count}", helper.make_node("Relu", ["a"], ["b"]))
    with pytest.raises(GraphError, match=f"more than {MOST_LEVELS} of its local functions are inside one another"):
        inline_functions(model_of(*functions, last), "net.onnx")


def test_two_functions_of_one_name_are_refused() -> None:
    same = function("f0", helper.make_node("Relu", ["a"], ["b"]))
    with pytest.raises(GraphError, match="two of its local functions have the same name"):
        inline_functions(model_of(same, same), "net.onnx")
