"""JusperLee's Conv-TasNet for Lightning: another class than the plain one, with both norms and a norm in the
encoder.

Source: ``Conv-TasNet_lightning/model/convtasnet.py`` of JusperLee/Conv-TasNet. cLN nets are causal, gLN nets not.
Its softmax names no axis and runs over the batch: for one clip every mask is one.
"""

from __future__ import annotations

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import RELU_OR_SIGMOID, norm_of_gain, recorded_options
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, NamedWeights

NAME = "JusperLee (Lightning)"
ANCHOR = r"separation\.sep\.0\.tcn\.0\.conv1x1\.weight"

_NAMES = Names(
    outside={
        "encoder.encoder": ours.ENCODER_MODULE,
        "encoder.norm": ours.BOTTLENECK_NORM,
        "encoder.conv1x1": ours.BOTTLENECK,
        "mask": ours.MASK,
        "decoder.decoder": ours.DECODER_MODULE,
    },
    block=r"separation\.sep\.(?P<repeat>\d+)\.tcn\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1x1": ours.EXPAND,
        "prelu1": ours.SLOPE_1,
        "norm1": ours.NORM_1,
        "dwconv": ours.DEPTHWISE,
        "prelu2": ours.SLOPE_2,
        "norm2": ours.NORM_2,
        "sconv": ours.RESIDUAL,
    },
)
_CAUSAL = (Choice(value=False, hint=""), Choice(value=True, hint="batch norms show neither"))


def claims(found: FoundWeights) -> bool:
    """Return whether the encoder has this implementation's names."""
    return "encoder.encoder.weight" in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes; a gLN's gain has two axes, a cLN's one."""
    if found.settings.get("mask_act") == "softmax":
        raise CheckpointError(
            f"{found.where}: mask_act: found softmax, which runs over the batch in this implementation, so that "
            "every mask of one clip is one; expected relu or sigmoid"
        )
    is_batch_norm = "separation.sep.0.tcn.0.norm1.running_mean" in found.weights
    norm = "bN" if is_batch_norm else norm_of_gain(found.weights.get("separation.sep.0.tcn.0.norm1.gamma"))
    recorded = recorded_options(found.metadata)
    causal = bool(found.settings.get("causal", norm == "cLN"))
    renamed = rename(found.weights, _NAMES, causal=causal)
    fixed: dict[str, object] = {
        **renamed.stack,
        **renamed.biases,
        **renamed.stride,
        "norm_type": norm,
        "norm_eps": 1e-5,
        "encoder_activation": "linear",
        "mask_input_act": "linear",
        **({} if is_batch_norm else {"causal": causal}),
    }
    return NamedWeights(
        found.where,
        renamed.weights,
        recorded,
        fixed,
        found.notes,
        questions={"mask_act": RELU_OR_SIGMOID, **({"causal": _CAUSAL} if is_batch_norm else {})},
    )
