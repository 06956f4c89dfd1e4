"""Reads the architecture off the names and shapes of the weights; nothing here is assumed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError

_BLOCK = re.compile(r"masker\.TCN\.(\d+)\.")

ENCODER, DECODER = "encoder.filterbank._filters", "decoder.filterbank._filters"
_BOTTLENECK, _MASK = "masker.bottleneck.1.weight", "masker.mask_net.1.weight"
_IN_CONV, _SKIP_CONV = "masker.TCN.0.shared_block.0.weight", "masker.TCN.0.skip_conv.weight"
_DEPTHWISE = "masker.TCN.0.shared_block.3.weight"
# A causal block wraps the depthwise convolution together with the chop that follows it.
_CAUSAL_DEPTHWISE = "masker.TCN.0.shared_block.3.0.weight"
_BATCH_NORM = "masker.TCN.0.shared_block.2.running_mean"


def measured_options(where: str, weights: Mapping[str, Tensor]) -> dict[str, object]:
    """Read options off the weights: sizes, sources, causality, skip path, batch norm and PReLU activations."""
    causal = _CAUSAL_DEPTHWISE in weights
    filters = _axes(where, weights, ENCODER, 3)
    mask_rows = _axes(where, weights, _MASK, 3)[0]
    n_src, out_chan = _sources(where, mask_rows, filters[0])
    skip = _axes(where, weights, _SKIP_CONV, 3)[0] if _SKIP_CONV in weights else 0
    return {
        "n_filters": filters[0],
        "kernel_size": filters[2],
        "n_src": n_src,
        "out_chan": out_chan,
        "bn_chan": _axes(where, weights, _BOTTLENECK, 3)[0],
        "hid_chan": _axes(where, weights, _IN_CONV, 3)[0],
        "skip_chan": skip,
        "conv_kernel_size": _axes(where, weights, _CAUSAL_DEPTHWISE if causal else _DEPTHWISE, 3)[2],
        "causal": causal,
        **_learned_parts(weights),
    }


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
    numbers = {int(match[1]) for key in weights if (match := _BLOCK.match(key))}
    gap = next((number for number in range(len(numbers)) if number not in numbers), None)
    if gap is not None:
        raise CheckpointError(
            f"{where}: found {len(numbers)} TCN blocks without number {gap}, expected 0 to {len(numbers) - 1}; "
            f"the weights masker.TCN.{gap}.* are missing: give the whole state dict"
        )
    return len(numbers)


def _axes(where: str, weights: Mapping[str, Tensor], key: str, axes: int) -> tuple[int, ...]:
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
