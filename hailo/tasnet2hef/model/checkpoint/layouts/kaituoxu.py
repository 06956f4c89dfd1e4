"""kaituoxu's Conv-TasNet, and those that took over its names: Demucs v2, Cadenza, Clarity.

Sources: ``src/conv_tasnet.py`` of kaituoxu/Conv-TasNet; ``demucs/tasnet.py`` of facebookresearch/demucs (8da2897);
``recipes/cad2`` of pyclarity 0.9.0. No skip path, no biases but those of the norms; a cLN before the bottleneck.
"""

from __future__ import annotations

import re

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import (
    RELU_OR_SOFTMAX,
    assumed_norm,
    interleaved,
    recorded_options,
    require_channels,
)
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.shapes import require_axes
from tasnet2hef.model.checkpoint.stored import FoundWeights, NamedWeights

NAME = "kaituoxu"
ANCHOR = r"separator\.network\.2\.0\.0\.net\.0\.weight"

_ENCODER = "encoder.conv1d_U.weight"
_DEMUCS = "demucs.tasnet.ConvTasNet"
_DEMUCS_DEFAULTS = {"norm_type": "gLN", "mask_act": "relu"}
_DEMUCS_NOTE = (
    "Demucs feeds (x - mean) / deviation of the clip's mono signal and undoes it behind the net: the level of "
    "what the host feeds should be near that"
)


def claims(found: FoundWeights) -> bool:
    """Return whether there is one encoder; Clarity's multi-microphone net has two."""
    return _ENCODER in found.weights


def names_of_blocks(network: str, *, causal: bool) -> Names:
    """Return the names of a separator under ``network``; a chop, without weights, moves what follows it up."""
    after = 2 if causal else 1
    return Names(
        outside={
            "encoder.conv1d_U": ours.ENCODER_MODULE,
            "encoder.conv1d": ours.ENCODER_MODULE,
            "decoder.basis_signals": ours.DECODER_MODULE,
            "decoder.convtrans1d": ours.DECODER_MODULE,
            f"{network}.0": ours.BOTTLENECK_NORM,
            f"{network}.1": ours.BOTTLENECK,
            f"{network}.3": ours.MASK,
        },
        block=rf"{re.escape(network)}\.2\.(?P<repeat>\d+)\.(?P<block>\d+)\.(?P<rest>.+)",
        inside={
            "net.0": ours.EXPAND,
            "net.1": ours.SLOPE_1,
            "net.2": ours.NORM_1,
            "net.3.net.0": ours.DEPTHWISE,
            f"net.3.net.{after}": ours.SLOPE_2,
            f"net.3.net.{after + 1}": ours.NORM_2,
            f"net.3.net.{after + 2}": ours.RESIDUAL,
        },
    )


def is_causal(found: FoundWeights, network: str) -> bool:
    """Return whether the numbering leaves room for a chop."""
    return f"{network}.2.0.0.net.3.net.1.weight" not in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes."""
    channels = require_axes(found.where, found.weights, _ENCODER, 3)[1]
    require_channels(found.where, channels, found.settings)
    norm = "separator.network.2.0.0.net.2"  # a layer norm calls its gain gamma, a batch norm weight
    if f"{norm}.weight" in found.weights and f"{norm}.running_mean" not in found.weights:
        raise CheckpointError(
            f"{found.where}: {norm}.running_mean: the statistics of a batch norm are missing, as in averages of "
            "parameters alone; give the whole state dict"
        )
    causal = is_causal(found, "separator.network")
    renamed = rename(found.weights, names_of_blocks("separator.network", causal=causal), causal=causal)
    decoder = renamed.weights.get(ours.DECODER)
    if (
        decoder is not None and decoder.ndim == 2 and len(decoder) % channels == 0
    ):  # [channel * L, N]: frames, which are then overlapped and added
        renamed.weights[ours.DECODER] = interleaved(decoder.T.reshape(decoder.shape[1], channels, -1))
    renamed.weights[ours.ENCODER] = interleaved(found.weights[_ENCODER])
    recorded = recorded_options(found.metadata, without=("kernel_size",))  # of one channel
    is_demucs = any(getattr(entry.values.get("klass"), "path", "") == _DEMUCS for entry in found.metadata)
    has_norm = any(f"masker.TCN.0.{ours.NORM_1}.{part}" in renamed.weights for part in ("gamma", "weight"))
    fixed = {
        **renamed.stack,
        "causal": causal,
        "encoder_activation": "relu",
        "stride": found.weights[_ENCODER].shape[-1] // 2 * channels,
        "audio_channels": channels,
        "bottleneck_norm": "cLN",
        "mask_input_act": "linear",
        **({} if has_norm else {"norm_type": "identity"}),
    }
    if recorded.options.get("norm_type") not in ("gLN", "cLN", "bN"):  # any other word builds a batch norm
        recorded.options.pop("norm_type", None)
    if is_demucs:
        recorded = recorded._replace(options={**_DEMUCS_DEFAULTS, **recorded.options})
    return NamedWeights(
        found.where,
        renamed.weights,
        recorded,
        fixed,
        (*found.notes, *([_DEMUCS_NOTE] if is_demucs else [])),
        questions={"mask_act": RELU_OR_SOFTMAX},
        assumptions={"norm_type": assumed_norm(causal=causal)},
    )
