"""torchaudio's ConvTasNet: other names, GroupNorm for gLN, a padded encoder, no residual in the last block.

Source: ``torchaudio/models/conv_tasnet.py`` (2.11.0). Stride, padding, norm and causality follow from the class:
stride = kernel // 2, padded by the stride on both sides, one group (= gLN, eps 1e-8), never causal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.state_dicts import plain_keys, tensors_of, unwrap
from tasnet2hef.model.checkpoint.stored import NamedWeights, RawCheckpoint

NAME = "torchaudio state dict"

_MARK = "mask_generator."
_BLOCK = re.compile(r"mask_generator\.conv_layers\.(\d+)\.(.+)")
_IN_BLOCK = {"res_out": "res_conv", "skip_out": "skip_conv", "conv_layers": "shared_block"}
_OUTSIDE = {
    "encoder.weight": "encoder.filterbank._filters",
    "decoder.weight": "decoder.filterbank._filters",
    "mask_generator.input_norm.weight": "masker.bottleneck.0.gamma",
    "mask_generator.input_norm.bias": "masker.bottleneck.0.beta",
    "mask_generator.input_conv.weight": "masker.bottleneck.1.weight",
    "mask_generator.input_conv.bias": "masker.bottleneck.1.bias",
    "mask_generator.output_prelu.weight": "masker.mask_net.0.weight",
    "mask_generator.output_conv.weight": "masker.mask_net.1.weight",
    "mask_generator.output_conv.bias": "masker.mask_net.1.bias",
}
_NORM_PLACES = ("2", "5")
_GROUP_NORM = {"weight": "gamma", "bias": "beta"}
_ONLY_KERNEL = 3


def claims(content: Mapping[str, object]) -> bool:
    """Return whether there are parameters of a mask generator with stacked convolution blocks."""
    return any(key.startswith(f"{_MARK}conv_layers.") for key in plain_keys(unwrap(content)))


def find(raw: RawCheckpoint) -> NamedWeights:
    """Rename to Asteroid's names and record what the class fixes."""
    foreign = tensors_of(raw.where, plain_keys(unwrap(raw.content)))
    weights = {_asteroid_name(key): tensor for key, tensor in foreign.items()}
    _require_kernel(raw.where, foreign)
    recorded: dict[str, object] = {
        "norm_type": "gLN",
        "causal": False,
        "encoder_activation": None,
        "fb_name": "free",
    }
    filters = foreign.get("encoder.weight")
    if filters is not None and filters.ndim == 3:
        recorded |= {"stride": filters.shape[2] // 2, "encoder_padding": filters.shape[2] // 2}
    activation = raw.content.get("mask_act")
    if isinstance(activation, str):
        recorded["mask_act"] = activation
    notes = ("torchaudio's net: the encoder's padding is kept as encoder_padding, GroupNorm is gLN",)
    return NamedWeights(raw.where, weights, recorded, "torchaudio's class", notes)


def _asteroid_name(key: str) -> str:
    block = _BLOCK.fullmatch(key)
    if block is None:
        return _OUTSIDE.get(key, key)
    part, _, rest = block[2].partition(".")
    place, _, parameter = rest.partition(".")
    if part == "conv_layers" and place in _NORM_PLACES:
        rest = f"{place}.{_GROUP_NORM.get(parameter, parameter)}"
    return f"masker.TCN.{block[1]}.{_IN_BLOCK.get(part, part)}.{rest}"


def _require_kernel(where: str, foreign: Mapping[str, Tensor]) -> None:
    key = "mask_generator.conv_layers.0.conv_layers.3.weight"
    if key in foreign and foreign[key].shape[-1] != _ONLY_KERNEL:
        raise CheckpointError(
            f"{where}: {key}: found a kernel of {foreign[key].shape[-1]} taps, expected {_ONLY_KERNEL}; "
            "torchaudio pads for three taps only, and with others its frames shrink from block to block"
        )


def claims_module(module: nn.Module) -> bool:
    """Return whether this is torchaudio's class, by its attributes."""
    return hasattr(module, "mask_generator") and hasattr(module, "enc_kernel_size")


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take the weights and the mask's activation, which the weights don't show."""
    generator = module.get_submodule("mask_generator")
    activation = type(getattr(generator, "mask_activate", torch.nn.Sigmoid())).__name__
    content = {"state_dict": module.state_dict(), "mask_act": activation.lower()}
    return RawCheckpoint(type(module).__name__, content)
