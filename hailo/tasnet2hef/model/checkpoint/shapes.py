"""Reads the architecture off the names and shapes of the weights; nothing here is assumed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError

BLOCK_NUMBER: Final = r"(?:0|[1-9][0-9]{0,3})"
"""Pattern of a number as a list of modules writes it."""
_BLOCK = re.compile(rf"masker\.TCN\.({BLOCK_NUMBER})\.")

ENCODER, DECODER = "encoder.filterbank._filters", "decoder.filterbank._filters"
_BOTTLENECK, _MASK = "masker.bottleneck.1.weight", "masker.mask_net.1.weight"
_IN_CONV, _SKIP_CONV = "masker.TCN.0.shared_block.0.weight", "masker.TCN.0.skip_conv.weight"
_DEPTHWISE = "masker.TCN.0.shared_block.3.weight"
# A causal block wraps the depthwise convolution together with the chop that follows it.
_CAUSAL_DEPTHWISE = "masker.TCN.0.shared_block.3.0.weight"
_BATCH_NORM = "masker.TCN.0.shared_block.2.running_mean"


def measured_options(where: str, weights: Mapping[str, Tensor]) -> dict[str, object]:
    """Read options off the weights: sizes, sources, causality, skip path, batch norm and PReLU activations."""
    filters = require_axes(where, weights, ENCODER, 3)
    mask_rows = require_axes(where, weights, _MASK, 3)[0]
    n_src, out_chan = _sources(where, mask_rows, filters[0])
    skip = require_axes(where, weights, _SKIP_CONV, 3)[0] if _SKIP_CONV in weights else 0
    places = _places(weights)
    return {
        "n_filters": filters[0],
        "kernel_size": filters[2],
        "n_src": n_src,
        "out_chan": out_chan,
        **{name: require_axes(where, weights, key, 3)[axis] for name, (key, axis) in places.items()},
        "skip_chan": skip,
        "causal": _CAUSAL_DEPTHWISE in weights,
        **_learned_parts(weights),
    }


def sizes(weights: Mapping[str, Tensor]) -> dict[str, object]:
    """Read off the sizes alone, as far as they show: nothing is required.

    With plain filters also the encoder's; other families compute theirs from parameters of other shapes.
    """
    places = _places(weights).items()
    sizes = {name: weights[key].shape[axis] for name, (key, axis) in places if has_axes(weights, key)}
    features = weights[_BOTTLENECK].shape[1] if has_axes(weights, _BOTTLENECK) else 0
    if has_axes(weights, ENCODER) and len(weights[ENCODER]) == features:
        sizes |= {"n_filters": features, "kernel_size": weights[ENCODER].shape[2]}
    if features:
        sizes["skip_chan"] = weights[_SKIP_CONV].shape[0] if has_axes(weights, _SKIP_CONV) else 0
    if has_axes(weights, _MASK) and features and weights[_MASK].shape[0] % features == 0:
        sizes["n_src"] = weights[_MASK].shape[0] // features
    return dict(sizes)


def _places(weights: Mapping[str, Tensor]) -> dict[str, tuple[str, int]]:
    """Return the weight and its axis that show a size."""
    depthwise = _CAUSAL_DEPTHWISE if _CAUSAL_DEPTHWISE in weights else _DEPTHWISE
    return {"bn_chan": (_BOTTLENECK, 0), "hid_chan": (_IN_CONV, 0), "conv_kernel_size": (depthwise, 2)}


def has_axes(weights: Mapping[str, Tensor], key: str) -> bool:
    """Return whether a weight is there and has a convolution's three axes."""
    return key in weights and weights[key].ndim == 3


def _learned_parts(weights: Mapping[str, Tensor]) -> dict[str, object]:
    options: dict[str, object] = {}
    if _BATCH_NORM in weights:
        options["norm_type"] = "bN"
    if "masker.output_act.weight" in weights:
        options["mask_act"] = "prelu"
    if "enc_activation.weight" in weights:
        options["encoder_activation"] = "prelu"
    return options


def block_count(where: str, weights: Mapping[str, Tensor]) -> int:
    """Count the TCN blocks; refuse a gap in their numbers.

    >>> block_count("x", {"masker.TCN.0.a": None, "masker.TCN.1.a": None})
    2
    """
    numbers = _numbers(weights)
    gap = next((number for number in range(len(numbers)) if number not in numbers), None)
    if gap is not None:
        raise CheckpointError(
            f"{where}: found {len(numbers)} TCN blocks without number {gap}, expected 0 to {len(numbers) - 1}; "
            f"the weights masker.TCN.{gap}.* are missing: give the whole state dict"
        )
    return len(numbers)


def blocks_seen(weights: Mapping[str, Tensor]) -> int:
    """Count the TCN blocks, with or without gaps."""
    return len(_numbers(weights))


def _numbers(weights: Mapping[str, Tensor]) -> set[int]:
    return {int(match[1]) for key in weights if (match := _BLOCK.match(key))}


def require_axes(where: str, weights: Mapping[str, Tensor], key: str, axes: int) -> tuple[int, ...]:
    """Return a weight's shape; refuse one that is missing, has other axes, or an empty one."""
    if key not in weights:
        raise CheckpointError(
            f"{where}: {key} is missing among {len(weights)} weights; give the whole state dict of the network"
        )
    shape = tuple(weights[key].shape)
    if len(shape) != axes or 0 in shape:
        raise CheckpointError(
            f"{where}: {key}: found shape {list(shape)}, expected {axes} axes and none of them empty; "
            "give the state dict of a Conv-TasNet"
        )
    return shape


def _sources(where: str, mask_rows: int, features: int) -> tuple[int, int]:
    if mask_rows % features == 0:
        return mask_rows // features, features
    if mask_rows < features:
        return mask_rows, 1
    raise CheckpointError(
        f"{where}: {_MASK}: found {mask_rows} rows, expected sources times {features} (= n_filters), or one row a "
        "source; no other mask fits the encoder's features"
    )
