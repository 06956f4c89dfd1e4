"""The Conv-TasNet of the paper's authors: naplab/Conv-TasNet.

Source: ``conv_tasnet.py`` and ``utility/models.py`` of naplab/Conv-TasNet. Masks are always sigmoids. The clip is
padded by a stride before and by at least a stride behind, to whole kernels. A causal net's norms are cumulative.
"""

from __future__ import annotations

from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import recorded_options, require_cumulative
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, NamedWeights

NAME = "naplab"
ANCHOR = r"TCN\.TCN\.0\.conv1d\.weight"

_NAMES = Names(
    outside={
        "encoder": ours.ENCODER_MODULE,
        "TCN.LN": ours.BOTTLENECK_NORM,
        "TCN.BN": ours.BOTTLENECK,
        "TCN.output.0": ours.MASK_SLOPE,
        "TCN.output.1": ours.MASK,
        "decoder": ours.DECODER_MODULE,
    },
    block=r"TCN\.TCN\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv1d": ours.EXPAND,
        "nonlinearity1": ours.SLOPE_1,
        "reg1": ours.NORM_1,
        "dconv1d": ours.DEPTHWISE,
        "nonlinearity2": ours.SLOPE_2,
        "reg2": ours.NORM_2,
        "res_out": ours.RESIDUAL,
        "skip_out": ours.SKIP,
    },
)


def claims(found: FoundWeights) -> bool:
    """Return whether the bottleneck has this implementation's name."""
    return "TCN.BN.weight" in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes."""
    is_causal = "TCN.LN.gain" in found.weights
    if is_causal:
        require_cumulative(found, "TCN.LN.gain")
    renamed = rename(found.weights, _NAMES, causal=is_causal)
    recorded = recorded_options(found.metadata, ("sample_rate", "n_blocks", "n_repeats"))
    fixed: dict[str, object] = {
        "norm_type": "cgLN" if is_causal else "gLN",
        "causal": is_causal,
        "encoder_activation": "linear",
        "mask_act": "sigmoid",
        **renamed.stride,
        "encoder_padding": renamed.stride.get("stride", 0),
        "alignment": "window",
    }
    assumptions = {"sample_rate": Choice(16000, "in Hz, the class's default")}
    return NamedWeights(found.where, renamed.weights, recorded, fixed, found.notes, assumptions=assumptions)
