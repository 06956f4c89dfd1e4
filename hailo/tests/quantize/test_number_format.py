from __future__ import annotations

import itertools

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tasnet2hef.quantize.number_format import (
    MODES,
    ActivationFormat,
    activation_format,
    round_weights,
    weight_scale,
)


def onnx_round_trip(values: np.ndarray, chosen: ActivationFormat) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and values by ONNX Runtime's own operators."""
    kind = {8: np.uint8, 16: np.uint16}[chosen.bits]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], domain="com.microsoft"),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], domain="com.microsoft"),
    ]
    types = {8: TensorProto.UINT8, 16: TensorProto.UINT16}[chosen.bits]
    graph = helper.make_graph(
        nodes,
        "round_trip",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [None]),
            helper.make_tensor_value_info("s", TensorProto.FLOAT, []),
            helper.make_tensor_value_info("z", types, []),
        ],
        [
            helper.make_tensor_value_info("q", types, [None]),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [None]),
        ],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {"x": values, "s": np.float32(chosen.scale), "z": kind(chosen.zero_point)}
    codes, rounded = session.run(None, {name: np.asarray(value) for name, value in feeds.items()})
    return codes.astype(np.int64), rounded


def test_by_hand():
    chosen = ActivationFormat(0.5, 2, 8)
    values = [-1.5, -1.0, -0.25, 0.0, 0.25, 0.75, 1.0, 126.5, 127.0]
    assert chosen.codes(values).tolist() == [0, 0, 2, 2, 2, 4, 4, 255, 255]
    assert chosen.rounded(values).tolist() == [-1.0, -1.0, 0, 0, 0, 1.0, 1.0, 126.5, 126.5]
    assert (chosen.low, chosen.high) == (-1.0, 126.5)


@pytest.mark.parametrize("bits", [8, 16])
@settings(deadline=None, max_examples=25)
@given(low=st.floats(-50, 0), high=st.floats(0.01, 50), seed=st.integers(0, 9))
def test_equals_onnx_runtime_in_every_code(bits, low, high, seed):
    chosen = activation_format(low, high, bits)
    values = np.random.default_rng(seed).uniform(2 * low - 1, 2 * high + 1, 500).astype(np.float32)
    codes, rounded = onnx_round_trip(values, chosen)
    assert (chosen.codes(values) == codes).all()
    assert (chosen.rounded(values) == rounded).all()


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0.3, 4), (-4, -0.3), (-1e-9, 1e-9), (-7, 1e-20)])
def test_zero_is_always_exact(low, high):
    chosen = activation_format(low, high)
    assert chosen.rounded([0.0])[0] == 0
    assert chosen.low <= min(low, 0) + chosen.scale
    assert chosen.high >= max(high, 0) - chosen.scale


def test_error_halves_with_each_bit():
    values = np.random.default_rng(0).uniform(-1, 1, 20_000).astype(np.float32)
    errors = [np.abs(activation_format(-1, 1, bits).rounded(values) - values).max() for bits in (4, 8, 12, 16)]
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine == pytest.approx(16, rel=0.1)


def test_weights_are_symmetric_and_signed():
    weights = np.array([-1.27, 0.004, 0.006, 1.0], np.float32)
    assert weight_scale(weights, 8) == pytest.approx(0.01)
    assert round_weights(weights, 8).tolist() == pytest.approx([-1.27, 0, 0.01, 1.0], abs=1e-6)
    assert round_weights(weights, None) is weights
    assert not round_weights(np.zeros(3, np.float32), 8).any()
    assert len(np.unique(round_weights(np.linspace(-1, 1, 999, dtype=np.float32), 4))) == 15


def test_modes_are_called_as_the_compiler_calls_them():
    assert set(MODES) == {"float", "a8_w8", "a16_w16", "a8_w4", "a16_w8"}
