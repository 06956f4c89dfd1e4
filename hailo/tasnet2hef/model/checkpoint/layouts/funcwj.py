"""funcwj's Conv-TasNet: biases on encoder and decoder, no skip path, no PReLU before the masks.

Source: ``nnet/conv_tas_net.py`` of funcwj/conv-tasnet. Options: the ``mdl.json`` that its training writes beside.
"""

from __future__ import annotations

from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import (
    NOT_CAUSAL,
    RELU_SIGMOID_SOFTMAX,
    is_said_causal,
    norm_of_gain,
    recorded_options,
)
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import FoundWeights, NamedWeights

NAME = "funcwj"
ANCHOR = r"repeats\.0\.0\.conv1x1\.weight"

_NAMES = Names(
    outside={
        "encoder_1d": ours.ENCODER_MODULE,
        "ln": ours.BOTTLENECK_NORM,
        "proj": ours.BOTTLENECK,
        "mask": ours.MASK,
        "decoder_1d": ours.DECODER_MODULE,
    },
    block=r"repeats\.(?P<repeat>\d+)\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1x1": ours.EXPAND,
        "prelu1": ours.SLOPE_1,
        "lnorm1": ours.NORM_1,
        "dconv": ours.DEPTHWISE,
        "prelu2": ours.SLOPE_2,
        "lnorm2": ours.NORM_2,
        "sconv": ours.RESIDUAL,
    },
)


def claims(found: FoundWeights) -> bool:
    """Return whether the encoder has this implementation's name."""
    return "encoder_1d.weight" in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes; a gLN's gain has two axes, a cLN's one."""
    recorded = recorded_options(found.metadata)
    causal = is_said_causal(found, recorded)
    renamed = rename(found.weights, _NAMES, causal=causal)
    gain = found.weights.get("repeats.0.0.lnorm1.gamma")
    fixed: dict[str, object] = {
        **renamed.stack,
        **renamed.biases,
        **renamed.stride,
        "norm_type": norm_of_gain(gain),
        "bottleneck_norm": "cLN",
        "norm_eps": 1e-5,
        "encoder_activation": "relu",
        "mask_input_act": "linear",
    }
    return NamedWeights(
        found.where,
        renamed.weights,
        recorded,
        fixed,
        found.notes,
        questions={"mask_act": RELU_SIGMOID_SOFTMAX},
        assumptions={"causal": NOT_CAUSAL},
    )
