"""Every number that the page of issues says in prose, worked out from the replays and the chip's figures.

A claim is a piece of the page, number included. The page must hold each one, and no other number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from tasnet2hef.base.window_length import mean_factors, next_factored
from tasnet2hef.target.graph.cost import summarise
from tasnet2hef.target.graph.layers import HailoNet, Layer
from tasnet2hef.target.graph.layout import elements
from tasnet2hef.target.known import limits, load_chip
from tasnet2hef.target.rules.framework.discovery import find_rule
from tests.replay.attempts import model_of, net_of

MAX_MIN = ("Max", "Min")
BYTES_OF_A_WINDOW = 1e6


def claims() -> list[str]:
    """Return every claim of the page that needs no torch."""
    return [*_slopes(), *_constants(), *_means(), *_rows(), *_ends(), *_cost()]


def _slopes() -> Iterator[str]:
    squared = _most_features(net_of("tall 4-D"))
    features = math.isqrt(squared)
    yield f"{squared:,} = {features} x {features}"
    yield f"{squared:,} twice is chance"
    yield f"{features} slopes in a list"
    height, width = net_of("tall 4-D")["activation2"].shape[1:3]
    yield f"`[-1, {height}, {width}, {squared}]`"


def _constants() -> Iterator[str]:
    net = net_of("wide 4-D")
    constants = Counter(layer.shape for layer in net if layer.type == "const_input")
    shape, most = constants.most_common(1)[0]
    yield f"{constants.total()} constants as large as a feature map"
    yield f"{most} of them {shape[2]:,} x {shape[3]} = {elements(shape):,} values"
    yield f"{len(_of_prelu(net))} of the {len(net):,} parsed layers"


def _means() -> Iterator[str]:
    means = [layer for layer in net_of("wide 4-D") if layer.type == "avgpool"]
    frames = means[0].kernel[1]
    assert all(layer.kernel == (1, frames) for layer in means)
    assert all(frames % divisor for divisor in range(2, frames))  # a prime
    window = next_factored(frames)
    steps = mean_factors(window)
    yield f"{len(means)} means over {frames:,} frames"
    yield f"a shift of {int(math.log2(frames))} where the unit has {int(limits.MEAN_SHIFT_BITS)} data bits"
    yield f"{frames:,} is a prime"
    yield f"steps of at most {int(limits.MEAN_STEP)}"
    yield f"{window:,} = {' x '.join(map(str, steps))} frames"
    named = re.findall(r"ne_activation_(avgpool\d+)", find_rule("mean-too-long").evidence[0].words)
    assert [layer.kernel for layer in means if layer.name in named] == [(1, frames)]
    yield f"`{named[0]}`"
    net = net_of("wide 4-D")
    assert net[net[named[0]].inputs[0]].params["feature_multiplier_type"] == "square"
    yield " and ".join(re.findall(r"\d,\d{3}", limits.MEAN_PASS_POSITIONS.note)[:2]) + " values behind a ReLU"


def _rows() -> Iterator[str]:
    net, tall = net_of("wide 4-D"), net_of("tall 4-D")
    row = Counter((layer.shape[-2], layer.shape[-1]) for layer in net).most_common(1)[0][0]
    passed, once, failed = limits.ROW_PASS_BYTES, limits.ROW_WIDEST_PASS_BYTES, limits.ROW_FAIL_BYTES
    yield f"{row[0] * row[1]:,} values (width {row[0]:,} x {row[1]} features)"
    assert int(passed) == _most_features(tall)  # by chance: a row there, a count of features here
    yield f"{int(passed):,} bytes compiled, {int(once):,} once, {int(failed):,} never"
    yield f"{sum(_row(layer) >= failed.value for layer in net)} layers of the wide attempt"
    yield f"rows of {tall['conv1'].shape[-1]} values"


def _ends() -> Iterator[str]:
    deconv, encoder = net_of("wide 4-D")["deconv1"], net_of("wide 4-D")["conv1"]
    written = _dimensions(model_of("wide 4-D").graph.output[0])[-1]
    yield f"{deconv.groups} groups"
    yield f"{deconv.shape[2]:,} samples where ONNX says {written:,}"
    yield f"a row of {encoder.input_shapes[0][2]:,} columns and {encoder.input_shapes[0][3]} feature"
    yield f"frames of {encoder.strides[1]} samples"


def _cost() -> Iterator[str]:
    cost, chip = summarise(net_of("wide 4-D")), load_chip("hailo8")
    roots = [node for node in model_of("wide 4-D").graph.node if node.op_type == "Sqrt"]
    bare = sum(node.input[0].startswith("mean") for node in roots)
    yield f"{len(roots)} norms"
    yield f"all {bare} `Sqrt` nodes"
    yield f"{cost.compiled_layers:,} compiled layers, against {chip.single_context_layers} in one context"
    yield f"{len(cost.held_maps)} whole maps, {cost.held_values / BYTES_OF_A_WINDOW:.0f} MB"


def _most_features(net: HailoNet) -> int:
    return max(layer.shape[-1] for layer in net)


def _of_prelu(net: HailoNet) -> list[Layer]:
    """Return the layers of the PReLUs: the max, the min, the slope and their sum."""
    layers = [layer for layer in net if any(node.op_type in MAX_MIN for node in layer.onnx)]
    tensors = {tensor for layer in layers for node in layer.onnx for tensor in node.outputs}
    scaled = [layer for layer in net if layer not in layers and _reads(layer, tensors) and "Mul" in layer.op_types]
    sums = [layer for layer in net if layer.type == "ew_add" and _reads(layer, tensors)]
    return [*layers, *scaled, *sums]


def _reads(layer: Layer, tensors: set[str]) -> bool:
    return any(tensor in tensors for node in layer.onnx for tensor in node.inputs)


def _row(layer: Layer) -> int:
    return max(shape[-2] * shape[-1] for shape in (layer.shape, *layer.input_shapes))


def _dimensions(value: object) -> list[int]:
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]  # type: ignore[attr-defined]
