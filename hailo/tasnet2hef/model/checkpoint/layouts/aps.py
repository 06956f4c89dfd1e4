"""The time-domain TCN of funcwj's aps: convolutions with a scale, and other norms behind familiar names.

Source: ``aps/sse/bss/tcn.py`` of funcwj/aps. Its "cLN" is a group norm over all channels and frames, which is a
gLN, also before the bottleneck; its "IN" is one channel by channel, which is Asteroid's fgLN.
"""

from __future__ import annotations

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import NOT_CAUSAL, RELU_SIGMOID_SOFTMAX, is_said_causal, recorded_options
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, NamedWeights

NAME = "aps (time_tcn)"
ANCHOR = r"conv\.repeat\.0\.0\.conv1\.weight"

_NAMES = Names(
    outside={
        "encoder": ours.ENCODER_MODULE,
        "ln": ours.BOTTLENECK_NORM,
        "proj": ours.BOTTLENECK,
        "mask.0": ours.MASK_SLOPE,
        "mask.1": ours.MASK,
        "decoder": ours.DECODER_MODULE,
    },
    block=r"conv\.repeat\.(?P<repeat>\d+)\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1": ours.EXPAND,
        "norm1.0": ours.SLOPE_1,
        "norm1.1": ours.NORM_1,
        "dconv": ours.DEPTHWISE,
        "norm2.0": ours.SLOPE_2,
        "norm2.1": ours.NORM_2,
        "conv2": ours.RESIDUAL,
    },
)
_GLOBAL = Choice("gLN", "group norm of one group, aps' cLN")
_CHANNEL = Choice("fgLN", "group norm of one channel each, aps' IN")


def claims(found: FoundWeights) -> bool:
    """Return whether the projection has this implementation's name."""
    return "proj.weight" in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names, multiply the scales in, and add what the class fixes."""
    skip = next((name for name in found.weights if name.startswith("conv.skip_linear.")), None)
    if skip is not None:
        raise CheckpointError(
            f"{found.where}: {skip}: found skip connections between repeats (skip_residual), expected none; no "
            "other residual path can be exported"
        )
    recorded = recorded_options(found.metadata)
    causal = is_said_causal(found, recorded)
    renamed = rename(_scaled(found), _NAMES, causal=causal)
    norm = recorded.options.pop("norm_type", None)
    is_gln = "conv.repeat.0.0.norm1.1.gamma" in found.weights
    fixed: dict[str, object] = {
        **renamed.stack,
        **renamed.biases,
        **renamed.stride,
        "bottleneck_norm": "gLN",
        "norm_eps": 1e-5,
        "encoder_activation": "relu",
        **({"norm_type": "gLN"} if is_gln or norm == "cLN" else {}),
        **({"norm_type": "fgLN"} if norm == "fgLN" else {}),
    }
    return NamedWeights(
        found.where,
        renamed.weights,
        recorded,
        fixed,
        found.notes,
        questions={"mask_act": RELU_SIGMOID_SOFTMAX, "norm_type": (_GLOBAL, _CHANNEL)},
        assumptions={"causal": NOT_CAUSAL},
    )


def _scaled(found: FoundWeights) -> dict[str, Tensor]:
    """Multiply weights and biases by the scale of their convolution."""
    weights = found.weights
    scales = {name.removesuffix("scale"): tensor for name, tensor in weights.items() if name.endswith(".scale")}
    scaled = {name: tensor for name, tensor in weights.items() if not name.endswith(".scale")}
    for module, scale in scales.items():
        if scale.numel() != 1:
            raise CheckpointError(
                f"{found.where}: {module}scale: found shape {list(scale.shape)}, expected one number; give the "
                "whole state dict of aps' network"
            )
        for name in (f"{module}weight", f"{module}bias"):
            if name in scaled:
                scaled[name] = scaled[name] * scale.reshape(())
    return scaled
