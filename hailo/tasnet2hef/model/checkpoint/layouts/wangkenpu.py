"""wangkenpu's Conv-TasNet: numbered blocks in one list, biases on encoder and decoder, no skip path.

Source: ``model/conv_tasnet.py`` of wangkenpu/Conv-TasNet-PyTorch.
"""

from __future__ import annotations

from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import RELU_SIGMOID_SOFTMAX, recorded_options
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import FoundWeights, NamedWeights

NAME = "wangkenpu"
ANCHOR = r"separation\.0\.conv1\.0\.weight"

_NAMES = Names(
    outside={
        "encode.0": ours.ENCODER_MODULE,
        "encode_norm": ours.BOTTLENECK_NORM,
        "conv1": ours.BOTTLENECK,
        "conv2": ours.MASK,
        "decode": ours.DECODER_MODULE,
    },
    block=r"separation\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1.0": ours.EXPAND,
        "conv1.1": ours.SLOPE_1,
        "norm1": ours.NORM_1,
        "dconv.0": ours.DEPTHWISE,
        "dconv.1": ours.SLOPE_2,
        "norm2": ours.NORM_2,
        "conv2": ours.RESIDUAL,
    },
)


def claims(found: FoundWeights) -> bool:
    """Return whether the encoder has this implementation's name."""
    return "encode.0.weight" in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes; only a gLN calls its gain gamma."""
    recorded = recorded_options(found.metadata)
    renamed = rename(found.weights, _NAMES)
    fixed: dict[str, object] = {
        **renamed.biases,
        **renamed.stride,
        "norm_type": "gLN" if "separation.0.norm1.gamma" in found.weights else "cLN",
        "causal": False,
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
    )
