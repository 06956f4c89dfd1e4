from __future__ import annotations

import onnx

from tasnet2hef.target.graph.converters.registry import discover


def test_converters_are_found_without_a_list() -> None:
    converters = discover()
    assert {"Conv", "Relu", "Max", "ReduceMean", "Slice", "Gather"} <= set(converters)
    assert len({function.__module__ for function in converters.values()}) > 20


def test_converters_are_of_operators_that_exist() -> None:
    newer = {"Gelu", "Swish"}  # of opset 20 and 24, which an older onnx does not know
    assert {operator for operator in discover() if not onnx.defs.has(operator)} <= newer
