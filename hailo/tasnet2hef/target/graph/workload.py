"""Weights, multiply-accumulates and operations of a layer, counted as HN counts them.

The formulas reproduce every one of the 1,179 layers of a Conv-TasNet that DFC 3.33.0 parsed; those
of layer types that it does not contain follow the same pattern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import elements
from tasnet2hef.target.graph.onnx_node import Shape

_AFFINE = ("normalization", "batch_norm")
_ELEMENTWISE = ("ew_add", "ew_sub", "ew_mult", "ew_div", "feature_multiplier")
_MEANS = ("reduce_mean", "reduce_sum", "reduce_l2")


@dataclass(frozen=True)
class Workload:
    """What one layer stores (weights, biases included) and computes per frame."""

    weights: int = 0
    macs: float = 0.0
    ops: float = 0.0


def workload(type_: str, params: Mapping[str, ParamValue], inputs: Sequence[Shape], output: Shape) -> Workload:
    """Return the workload of a layer of `type_` with NHWC `inputs` and `output`.

    A convolution counts one bias per output feature even when it has none.
    """
    if type_ in ("conv", "dw", "deconv", "fc"):
        return _convolution(type_, params, output)
    if type_ in _AFFINE:
        return Workload(macs=float(elements(output)), ops=2.0 * elements(output))
    if type_ in _ELEMENTWISE:
        return Workload(macs=elements(output) / 2, ops=float(elements(output)))
    if type_ in _MEANS and inputs:
        ops = elements(inputs[0]) + elements(output)
        return Workload(macs=ops / 2, ops=float(ops))
    if type_ == "matmul" and inputs:
        heads = params.get("groups", 1)  # each multiplies its own part of the features
        macs = elements(output) * inputs[0][-1] // (heads if isinstance(heads, int) else 1)
        return Workload(macs=float(macs), ops=2.0 * macs)
    return Workload()


def _convolution(type_: str, params: Mapping[str, ParamValue], output: Shape) -> Workload:
    kernel = params.get("kernel_shape", ())
    groups = params.get("groups", 1)
    if not isinstance(kernel, tuple) or not isinstance(groups, int):
        return Workload()
    products = 1
    for size in kernel:
        products *= size if isinstance(size, int) else 1
    products //= groups
    features = output[-1]
    positions = elements(output) // features if features else 0
    weights = products + features
    return Workload(weights, float(weights * positions), 2.0 * products * positions)
