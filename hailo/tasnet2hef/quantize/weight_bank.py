"""The weights of a net at any number of bits, with the corrections that the compiler makes before rounding.

**Equalisation** (Nagel et al., "Data-free quantization through weight equalization and bias correction", ICCV
2019): where channel ``c`` of a layer goes through functions with ``f(s x) = s f(x)`` into convolutions only, it
may be divided by ``s_c`` and the next weights multiplied by it, exactly. ``s_c = sqrt(r_c / w_c)``, with ``r_c``
the largest value of the channel in calibration and ``w_c`` the largest weight that reads it.

**Bias correction** (same source, section 4.2): rounding weights shifts the mean of a layer by ``(Wq - W) E[x]``;
the bias takes it back. The compiler's own is iterative; this one is its first step.

Biases and sums are not rounded: the vendor's accumulator is assumed to be wide enough, as its width is not public.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.lifted_model import LiftedModel, WeightSlot
from tasnet2hef.quantize.number_format import Values, round_weights
from tasnet2hef.quantize.observer import Observed
from tasnet2hef.target.graph.layers import HailoNet

HOMOGENEOUS: Final = ("Conv", "BatchNormalization", "LeakyRelu", "Relu", "PRelu")
LARGEST_FACTOR: Final = 64.0
"""A channel is scaled by 1/64 to 64: dead ones would otherwise be scaled without bound (chosen, not measured)."""


class WeightBank:
    """Feeds of weights and biases by border and bits, each rounded once and then cached."""

    def __init__(self, lifted: LiftedModel, means: Mapping[str, NDArray[np.float64]] | None = None) -> None:
        self._values = lifted.values
        self._means = means or {}
        self._slots: dict[str, list[WeightSlot]] = {}
        for slot in lifted.slots:
            self._slots.setdefault(slot.border, []).append(slot)
        self._feeds: dict[tuple[str, int | None], dict[str, Values]] = {}

    def feeds(self, border: str, bits: int | None) -> Mapping[str, Values]:
        """Return the weights and biases of a border's layers, rounded to ``bits`` (None: float)."""
        if (border, bits) not in self._feeds:
            feeds: dict[str, Values] = {}
            for slot in self._slots.get(border, ()):
                feeds.update(self._slot_feeds(slot, bits))
            self._feeds[border, bits] = feeds
        return self._feeds[border, bits]

    def _slot_feeds(self, slot: WeightSlot, bits: int | None) -> dict[str, Values]:
        weights = self._values[slot.weight]
        rounded = round_weights(weights, bits)
        feeds = {slot.weight: rounded}
        if slot.bias:
            mean = self._means.get(slot.source)
            shift = 0.0 if mean is None or bits is None else mean_shift(slot, rounded - weights, mean)
            feeds[slot.bias] = (self._values[slot.bias] - shift).astype(np.float32)
        return feeds


def mean_shift(slot: WeightSlot, error: Values, mean: NDArray[np.float64]) -> Any:
    """Return what an error of the weights adds to the mean of each output channel, in the bias's own shape."""
    if slot.operator == "Scale":
        return error.reshape(-1, 1, 1) * mean.reshape(-1, 1, 1)
    if slot.operator == "ConvTranspose":
        return 0.0  # its rows overlap by the stride, so that the mean per channel is not enough
    kernels = error.reshape(*error.shape[:2], -1).sum(axis=2)
    groups = kernels.reshape(slot.groups, -1, kernels.shape[1])
    return np.einsum("goi,gi->go", groups, mean.reshape(slot.groups, -1)).reshape(-1)


def equalise(
    lifted: LiftedModel, net: HailoNet, borders: Sequence[Border], observed: Observed
) -> tuple[LiftedModel, tuple[str, ...]]:
    """Return the same graph with equalised weights, and the names of the layers whose channels were scaled."""
    values = dict(lifted.values)
    producers = {slot.border: slot for slot in lifted.slots}
    readers = _readers(lifted)
    scaled = []
    for border in borders:
        producer = producers.get(border.layer)
        consumers = readers.get(border.tensor)
        if producer is None or not consumers or not _can_scale(net, border, producer):
            continue
        peaks = np.maximum(-observed.lows[border.layer], observed.highs[border.layer]).astype(np.float64)
        factors = _factors(peaks, [_reading_peaks(slot, values[slot.weight]) for slot in consumers])
        _divide(producer, values, factors)
        for slot in consumers:
            values[slot.weight] = (values[slot.weight] * _per_input(slot, factors)).astype(np.float32)
        scaled.append(border.layer)
    return LiftedModel(lifted.model, lifted.slots, values), tuple(scaled)


def _readers(lifted: LiftedModel) -> dict[str, list[WeightSlot]]:
    """Return the slots that read a tensor, for each tensor that only plain convolutions and scales read."""
    slots: dict[str, list[WeightSlot]] = {}
    for slot in lifted.slots:
        slots.setdefault(slot.source, []).append(slot)
    outputs = {value.name for value in lifted.model.graph.output}
    uses: dict[str, int] = {}
    for node in lifted.model.graph.node:
        for name in node.input:
            uses[name] = uses.get(name, 0) + 1
    plain = ("Conv", "Scale")
    return {
        tensor: readers
        for tensor, readers in slots.items()
        if uses.get(tensor) == len(readers) and tensor not in outputs and all(s.operator in plain for s in readers)
    }


def _can_scale(net: HailoNet, border: Border, producer: WeightSlot) -> bool:
    layer = net[border.layer]
    alone = not border.fused and producer.layer == border.layer and producer.operator in ("Conv", "Scale")
    return alone and bool(producer.bias) and all(name in HOMOGENEOUS for name in layer.op_types)


def _factors(peaks: NDArray[np.float64], reading: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    weights = np.max(reading, axis=0)
    alive = (peaks > 0) & (weights > 0)
    factors = np.ones_like(peaks)
    factors[alive] = np.sqrt(peaks[alive] / weights[alive])
    if alive.any():
        factors[alive] /= np.exp(np.mean(np.log(factors[alive])))
    return np.clip(factors, 1 / LARGEST_FACTOR, LARGEST_FACTOR)


def _reading_peaks(slot: WeightSlot, weights: Values) -> NDArray[np.float64]:
    """Return the largest weight that reads each input channel."""
    magnitudes = np.abs(weights.astype(np.float64))
    if slot.operator == "Scale":
        return magnitudes.reshape(-1)
    kernels = magnitudes.reshape(*weights.shape[:2], -1).max(axis=2)
    return np.asarray(kernels.reshape(slot.groups, -1, kernels.shape[1]).max(axis=1).reshape(-1))


def _per_input(slot: WeightSlot, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factors of the input channels in the shape of a consumer's weights."""
    if slot.operator == "Scale":
        return factors.reshape(-1, 1, 1)
    if slot.groups == 1:
        return factors.reshape(1, -1, 1, 1)
    if slot.groups == len(factors):
        return factors.reshape(-1, 1, 1, 1)
    raise AssertionError(f"{slot.layer}: {slot.groups} groups of {len(factors)} channels")


def _divide(producer: WeightSlot, values: dict[str, Values], factors: NDArray[np.float64]) -> None:
    weights, bias = values[producer.weight], values[producer.bias]
    shape = (-1,) + (1,) * (weights.ndim - 1)
    values[producer.weight] = (weights / factors.reshape(shape)).astype(np.float32)
    values[producer.bias] = (bias / factors.reshape((-1,) + (1,) * (bias.ndim - 1))).astype(np.float32)
