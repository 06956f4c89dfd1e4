"""tky823's Conv-TasNet: its options lie beside its weights.

Source: ``src/models/conv_tasnet.py`` and ``src/models/tdcn.py`` of tky823/DNN-based_source_separation. Norms are
group norms of one group with an epsilon of 1e-12, whatever the options say; those of a causal net are cumulative.
A softmax adds up to one over all features of all sources. Files of older versions say ``enc_bases`` for
``enc_basis``.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import (
    SIGMOID_OR_SOFTMAX,
    in_lower_case,
    recorded_options,
    require_cumulative,
)
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, NamedWeights

NAME = "tky823"
ANCHOR = r"separator\.tdcn\.net\.0\.net\.0\.bottleneck_conv1d\.weight"

_NAMES = Names(
    outside={
        "encoder.conv1d": ours.ENCODER_MODULE,
        "decoder.conv_transpose1d": ours.DECODER_MODULE,
        "separator.norm1d.norm": ours.BOTTLENECK_NORM,
        "separator.norm1d": ours.BOTTLENECK_NORM,
        "separator.bottleneck_conv1d": ours.BOTTLENECK,
        "separator.prelu": ours.MASK_SLOPE,
        "separator.mask_conv1d": ours.MASK,
    },
    block=r"separator\.tdcn\.net\.(?P<repeat>\d+)\.net\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "bottleneck_conv1d": ours.EXPAND,
        "nonlinear1d": ours.SLOPE_1,
        "norm1d.norm": ours.NORM_1,
        "norm1d": ours.NORM_1,
        "separable_conv1d.depthwise_conv1d": ours.DEPTHWISE,
        "separable_conv1d.nonlinear1d": ours.SLOPE_2,
        "separable_conv1d.norm1d.norm": ours.NORM_2,
        "separable_conv1d.norm1d": ours.NORM_2,
        "separable_conv1d.output_pointwise_conv1d": ours.RESIDUAL,
        "separable_conv1d.skip_pointwise_conv1d": ours.SKIP,
    },
)
_SIZES = {
    "n_basis": "n_filters",
    "kernel_size": "kernel_size",
    "sep_bottleneck_channels": "bn_chan",
    "sep_hidden_channels": "hid_chan",
    "sep_skip_channels": "skip_chan",
    "sep_kernel_size": "conv_kernel_size",
    "sep_num_layers": "n_blocks",
    "sep_num_blocks": "n_repeats",
    "stride": "stride",
}
_ONLY: Mapping[str, tuple[object, ...]] = {
    "enc_basis": ("trainable",),
    "dec_basis": ("trainable",),
    "enc_bases": ("trainable",),
    "dec_bases": ("trainable",),
    "dilated": (True,),
    "separable": (True,),
    "sep_nonlinear": ("prelu",),
    "sep_norm": (True,),
}


def claims(found: FoundWeights) -> bool:
    """Return True: no other net has the anchor's name."""
    return True


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the options and the class fix."""
    config = next((entry.values for entry in found.metadata if "sep_num_layers" in entry.values), {})
    for name, known in _ONLY.items():
        if name in config and in_lower_case(config[name]) not in known:
            shown = reprlib.repr(config[name])
            raise CheckpointError(
                f"{found.where}: {name}: found {shown} in its options, expected {known[0]!r}; no other form of "
                "this net can be exported"
            )
    is_causal = "separator.norm1d.gamma" in found.weights
    if is_causal:
        require_cumulative(found, "separator.norm1d.gamma")
    renamed = rename(found.weights, _NAMES, causal=is_causal)
    recorded = recorded_options(found.metadata, ("n_src", "sample_rate", "mask_act"), sizes=_SIZES)
    fixed: dict[str, object] = {
        **renamed.stack,
        "norm_type": "cgLN" if is_causal else "gLN",
        "norm_eps": 1e-12,
        "causal": is_causal,
        "softmax_over": "all",
        "alignment": "centred",
    }
    if config:
        fixed["encoder_activation"] = in_lower_case(config.get("enc_nonlinear")) or "linear"
        fixed["stride"] = config.get("stride")
    questions: dict[str, tuple[Choice, ...]] = {"mask_act": SIGMOID_OR_SOFTMAX}
    if not config:
        questions["encoder_activation"] = (Choice("relu", "the recipes"), Choice("linear", ""))
    return NamedWeights(found.where, renamed.weights, recorded, fixed, found.notes, questions)
