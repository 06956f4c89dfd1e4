"""JusperLee's Conv-TasNet in plain PyTorch: one norm in a block, biases on the encoder and decoder, no ReLU.

Source: ``Conv_TasNet_Pytorch/Conv_TasNet.py`` of JusperLee/Conv-TasNet. Each block stores a second PReLU and norm
that its forward pass never calls. Options: ``options/train/train.yml`` of the repository (``net_conf``), not the
file.
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
from tasnet2hef.model.checkpoint.renaming import Names, leave_out_second_activation, rename
from tasnet2hef.model.checkpoint.stored import FoundWeights, NamedWeights

NAME = "JusperLee (PyTorch)"
ANCHOR = r"separation\.0\.0\.conv1x1\.weight"

_NAMES = Names(
    outside={
        "encoder": ours.ENCODER_MODULE,
        "LayerN_S": ours.BOTTLENECK_NORM,
        "BottleN_S": ours.BOTTLENECK,
        "gen_masks": ours.MASK,
        "decoder": ours.DECODER_MODULE,
    },
    block=r"separation\.(?P<repeat>\d+)\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1x1": ours.EXPAND,
        "PReLU_1": ours.SLOPE_1,
        "norm_1": ours.NORM_1,
        "dwconv": ours.DEPTHWISE,
        "Sc_conv": ours.RESIDUAL,
    },
    unused=("PReLU_2.", "norm_2."),
)


def claims(found: FoundWeights) -> bool:
    """Return whether the norm and bottleneck have this implementation's names."""
    return {"LayerN_S.weight", "BottleN_S.weight"} <= found.weights.keys()


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes; a gLN's gain has two axes, a cLN's one."""
    recorded = recorded_options(found.metadata)
    causal = is_said_causal(found, recorded)
    renamed = rename(found.weights, _NAMES, causal=causal)
    leave_out_second_activation(renamed.weights, renamed.blocks)
    gain = found.weights.get("separation.0.0.norm_1.weight")
    fixed: dict[str, object] = {
        **renamed.stack,
        **renamed.biases,
        **renamed.stride,
        "norm_type": norm_of_gain(gain),
        "bottleneck_norm": "cLN",
        "depthwise_norm": "identity",
        "norm_eps": 1e-5,
        "encoder_activation": "linear",
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
