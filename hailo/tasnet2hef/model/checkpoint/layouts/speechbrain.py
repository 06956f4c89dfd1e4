"""SpeechBrain's Conv-TasNet: a folder of encoder, masknet and decoder, with its options in ``hyperparams.yaml``.

Source: ``speechbrain/lobes/models/conv_tasnet.py`` and ``dual_path.py`` (1.1.2). A net that is not causal pads its
depthwise convolutions by reflection. A causal one delays them: they are padded twice and cut once, so that P taps
lie at t - 3 (P-1) d / 2 to t - (P-1) d / 2. That equals an ordinary causal convolution with (P-1) / 2 taps of zero
behind the P of the original.
"""

from __future__ import annotations

from torch.nn import functional

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import RELU_OR_SOFTMAX, recorded_options
from tasnet2hef.model.checkpoint.renaming import Names, Renamed, rename
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, NamedWeights

NAME = "SpeechBrain"
ANCHOR = r"masknet\.temporal_conv_net\.temporalblock_0_0\.layers\.conv\.conv\.weight"

_NAMES = Names(
    outside={
        "encoder.conv1d": ours.ENCODER_MODULE,
        "decoder": ours.DECODER_MODULE,
        "decoder.basis_signals.w": ours.DECODER_MODULE,
        "masknet.layer_norm": ours.BOTTLENECK_NORM,
        "masknet.bottleneck_conv1x1.conv": ours.BOTTLENECK,
        "masknet.mask_conv1x1.conv": ours.MASK,
    },
    block=r"masknet\.temporal_conv_net\.temporalblock_(?P<repeat>\d+)_(?P<block>\d+)\.layers\.(?P<rest>.+)",
    inside={
        "conv.conv": ours.EXPAND,
        "act": ours.SLOPE_1,
        "norm": ours.NORM_1,
        "norm.norm": ours.NORM_1,
        "DSconv.conv_0.conv": ours.DEPTHWISE,
        "DSconv.act": ours.SLOPE_2,
        "DSconv.act_0": ours.NORM_2,
        "DSconv.act_0.norm": ours.NORM_2,
        "DSconv.conv_1.conv": ours.RESIDUAL,
    },
)
_REFLECTING_ENCODER = "encoder.conv1d_U.conv.weight"
_CAUSAL = (Choice(value=True, hint="the shipped recipe"), Choice(value=False, hint="the class's default"))
_NORM = (Choice("gLN", "the shipped recipe and the default"), Choice("cLN", ""))


def claims(found: FoundWeights) -> bool:
    """Return whether encoder and decoder are there too."""
    return {"encoder", "decoder"} <= {name.partition(".")[0] for name in found.weights}


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names; without ``hyperparams.yaml`` what it holds is a question."""
    if _REFLECTING_ENCODER in found.weights:
        raise CheckpointError(
            f"{found.where}: {_REFLECTING_ENCODER}: found the encoder of lobes.models.conv_tasnet, which reflects "
            "the clip at its ends and delays the sources, expected that of dual_path, as in the shipped recipe"
        )
    recorded = recorded_options(found.metadata, without=("conv_kernel_size",))  # of the original's taps
    causal = found.settings.get("causal", recorded.options.get("causal"))
    renamed = rename(found.weights, _NAMES, causal=bool(causal))
    decoder = renamed.weights.get(ours.DECODER)
    if decoder is not None and decoder.ndim == 2:
        renamed.weights[ours.DECODER] = decoder.T[:, None]
    notes = [*found.notes]
    if causal:
        _delay(found.where, renamed)
        notes.append("a causal net of SpeechBrain: its delayed depthwise convolutions are kept with taps of zero")
    fixed: dict[str, object] = {
        **renamed.stack,
        **renamed.stride,
        "encoder_activation": "relu",
        "bottleneck_norm": "cLN",
        "mask_input_act": "linear",
        "softmax_over": "features",
        "conv_padding": "zeros" if causal else "reflect",
    }
    questions = {"mask_act": RELU_OR_SOFTMAX, "norm_type": _NORM}
    if causal is None:
        questions["causal"] = _CAUSAL
    return NamedWeights(found.where, renamed.weights, recorded, fixed, tuple(notes), questions)


def _delay(where: str, renamed: Renamed) -> None:
    """Append the zero taps of the delay."""
    for name, tensor in renamed.weights.items():
        if name.endswith(f"{ours.DEPTHWISE}.0.weight") and tensor.ndim == 3:
            taps = tensor.shape[-1]
            if taps % 2 == 0:
                raise CheckpointError(
                    f"{where}: {name}: found a kernel of {taps} taps, expected an odd number in a causal net of "
                    "SpeechBrain, whose padding is otherwise not whole"
                )
            renamed.weights[name] = functional.pad(tensor, (0, (taps - 1) // 2))
