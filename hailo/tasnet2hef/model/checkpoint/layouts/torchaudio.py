"""torchaudio's ConvTasNet: other names, GroupNorm for gLN, a padded encoder, no residual in the last block.

Source: ``torchaudio/models/conv_tasnet.py`` (2.11.0). Stride, padding, norm and causality follow from the class:
stride = kernel // 2, padded by the stride on both sides, one group (= gLN, eps 1e-8), never causal.
"""

from __future__ import annotations

from torch import nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import renaming as ours
from tasnet2hef.model.checkpoint.letters import MASK_QUESTION, recorded_options
from tasnet2hef.model.checkpoint.renaming import Names, rename
from tasnet2hef.model.checkpoint.shapes import require_axes
from tasnet2hef.model.checkpoint.stored import FoundWeights, NamedWeights, RawCheckpoint

NAME = "torchaudio"
ANCHOR = r"mask_generator\.conv_layers\.0\.conv_layers\.0\.weight"

_NAMES = Names(
    outside={
        "encoder": ours.ENCODER_MODULE,
        "decoder": ours.DECODER_MODULE,
        "mask_generator.input_norm": ours.BOTTLENECK_NORM,
        "mask_generator.input_conv": ours.BOTTLENECK,
        "mask_generator.output_prelu": ours.MASK_SLOPE,
        "mask_generator.output_conv": ours.MASK,
    },
    block=r"mask_generator\.conv_layers\.(?P<block>\d+)\.(?P<rest>.+)",
    inside={
        "conv_layers.0": ours.EXPAND,
        "conv_layers.1": ours.SLOPE_1,
        "conv_layers.2": ours.NORM_1,
        "conv_layers.3": ours.DEPTHWISE,
        "conv_layers.4": ours.SLOPE_2,
        "conv_layers.5": ours.NORM_2,
        "res_out": ours.RESIDUAL,
        "skip_out": ours.SKIP,
    },
)
_DEPTHWISE_WEIGHT = "mask_generator.conv_layers.0.conv_layers.3.weight"
_ONLY_KERNEL = 3
_READ = ("n_src", "sample_rate", "mask_act", "n_blocks", "n_repeats")


def claims(found: FoundWeights) -> bool:
    """Return True: no other net has the anchor's name."""
    return True


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the class fixes."""
    _require_kernel(found)
    renamed = rename(found.weights, _NAMES)
    recorded = recorded_options(found.metadata, _READ)
    fixed: dict[str, object] = {
        "norm_type": "gLN",
        "causal": False,
        "encoder_activation": "linear",
        **renamed.stride,
        "encoder_padding": renamed.stride.get("stride", 0),
        "alignment": "stride",
    }
    kept = "torchaudio's net: the encoder's padding is kept as encoder_padding, GroupNorm is gLN"
    notes = (*found.notes, kept)
    return NamedWeights(
        found.where, renamed.weights, recorded, fixed, notes, questions={"mask_act": MASK_QUESTION}
    )


def _require_kernel(found: FoundWeights) -> None:
    taps = require_axes(found.where, found.weights, _DEPTHWISE_WEIGHT, 3)[2]
    if taps != _ONLY_KERNEL:
        raise CheckpointError(
            f"{found.where}: {_DEPTHWISE_WEIGHT}: found a kernel of {taps} taps, expected {_ONLY_KERNEL}; "
            "torchaudio pads for three taps only, and with others its frames shrink from block to block"
        )


def claims_module(module: nn.Module) -> bool:
    """Return whether this is torchaudio's class, by its attributes."""
    return hasattr(module, "mask_generator") and hasattr(module, "enc_kernel_size")


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take the weights, and what they don't show: the mask's activation, and where the dilations start again."""
    generator = module.get_submodule("mask_generator")
    activation = type(getattr(generator, "mask_activate", nn.Sigmoid())).__name__.lower()
    dilations = [
        conv.dilation[0] for conv in generator.modules() if isinstance(conv, nn.Conv1d) and conv.groups > 1
    ]
    content: dict[str, object] = {"state_dict": module.state_dict(), "msk_activate": activation}
    if dilations:
        content["msk_num_layers"] = next((n for n, d in enumerate(dilations) if n and d == 1), len(dilations))
    return RawCheckpoint(type(module).__name__, content)
