"""Renames another implementation's weights to Asteroid's, by the parts of a network that all of them have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor

from tasnet2hef.model.checkpoint.shapes import BLOCK_NUMBER

ENCODER: Final = "encoder.filterbank._filters"
DECODER: Final = "decoder.filterbank._filters"
ENCODER_BIAS, DECODER_BIAS = "encoder.bias", "decoder.bias"
BOTTLENECK_NORM, BOTTLENECK = "masker.bottleneck.0", "masker.bottleneck.1"
MASK_SLOPE, MASK = "masker.mask_net.0", "masker.mask_net.1"

EXPAND, SLOPE_1, NORM_1, DEPTHWISE, SLOPE_2, NORM_2 = (f"shared_block.{place}" for place in range(6))
RESIDUAL, SKIP = "res_conv", "skip_conv"

_GAINS = {"weight": "gamma", "gain": "gamma", "bias": "beta"}
_SPECIAL = {
    "encoder.filterbank.weight": ENCODER,
    "encoder.filterbank.bias": ENCODER_BIAS,
    "decoder.filterbank.weight": DECODER,
    "decoder.filterbank.bias": DECODER_BIAS,
}
ENCODER_MODULE, DECODER_MODULE = "encoder.filterbank", "decoder.filterbank"
_NUMBER = re.compile(BLOCK_NUMBER)
_NORM = re.compile(r".*(masker\.bottleneck\.0|shared_block\.[25])")
_SLOPE = re.compile(r".*(masker\.mask_net\.0|shared_block\.[14])\.weight")
_CONV = re.compile(
    r".*(masker\.bottleneck\.1|masker\.mask_net\.1|shared_block\.(0|3|3\.0)|res_conv|skip_conv)\.weight"
)


@dataclass(frozen=True)
class Names:
    """Where another implementation keeps the parts of its network."""

    outside: Mapping[str, str]
    """Our name of each module outside the blocks, by theirs."""
    block: str
    """Pattern of a parameter in a block: group ``repeat`` (if they are nested), ``block`` and ``rest``."""
    inside: Mapping[str, str]
    """Our name of each module in a block, by theirs."""
    unused: tuple[str, ...] = ()
    """Modules in a block that are stored but never called."""


@dataclass(frozen=True)
class Renamed:
    """Weights by Asteroid's names."""

    weights: dict[str, Tensor]
    stack: dict[str, object] = field(default_factory=dict)
    """``n_blocks`` and ``n_repeats`` where the names show them."""
    blocks: int = 0

    @property
    def biases(self) -> dict[str, object]:
        """Whether encoder and decoder have one."""
        return {"encoder_bias": ENCODER_BIAS in self.weights, "decoder_bias": DECODER_BIAS in self.weights}

    @property
    def stride(self) -> dict[str, object]:
        """Half a kernel, where the implementation knows no other stride."""
        filters = self.weights.get(ENCODER)
        return {"stride": filters.shape[2] // 2} if filters is not None and filters.ndim == 3 else {}

    @property
    def features(self) -> int:
        """Encoder's basis functions; 0 if it is missing."""
        filters = self.weights.get(ENCODER)
        return len(filters) if filters is not None and filters.ndim else 0


def rename(weights: Mapping[str, Tensor], names: Names, *, causal: bool = False) -> Renamed:
    """Rename what ``names`` knows and keep the names of all else, for a later check to refuse.

    Norms' gains and biases become ``[channel]``, absent biases of convolutions zero.
    """
    pattern = re.compile(names.block)
    places = {name: match for name in weights if (match := pattern.fullmatch(name)) and _is_numbered(match)}
    numbers = {(int(match.groupdict().get("repeat") or 0), int(match["block"])) for match in places.values()}
    per_repeat = 1 + max((block for _, block in numbers), default=0)
    renamed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        match = places.get(name)
        if match is None:
            renamed[_renamed(name, names.outside)] = tensor
        elif not match["rest"].startswith(names.unused):
            index = int(match.groupdict().get("repeat") or 0) * per_repeat + int(match["block"])
            renamed[f"masker.TCN.{index}.{_renamed(match['rest'], names.inside)}"] = tensor
    repeats = len({repeat for repeat, _ in numbers})
    stack: dict[str, object] = (
        {"n_blocks": per_repeat, "n_repeats": repeats} if "repeat" in pattern.groupindex else {}
    )
    return Renamed(_with_biases(_shaped(renamed, causal=causal)), stack, len(numbers))


def _is_numbered(match: re.Match[str]) -> bool:
    """Return whether the numbers in a name are written as torch writes them: `05` is another name than `5`."""
    return all(_NUMBER.fullmatch(text) for name, text in match.groupdict().items() if name in ("repeat", "block"))


def _renamed(name: str, modules: Mapping[str, str]) -> str:
    """Replace the longest module that the name begins with."""
    parts = name.split(".")
    deepest = max(module.count(".") for module in modules) + 1
    for length in range(min(len(parts), deepest), 0, -1):
        module = modules.get(".".join(parts[:length]))
        if module is not None:
            renamed = ".".join([module, *parts[length:]])
            return _SPECIAL.get(renamed, renamed)
    return name


def _shaped(weights: Mapping[str, Tensor], *, causal: bool) -> dict[str, Tensor]:
    """Give norms Asteroid's names and shapes, slopes theirs, and depthwise convolutions a causal net's name."""
    shaped: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        module, _, parameter = name.rpartition(".")
        if _NORM.fullmatch(module):
            tensor = tensor.reshape(-1) if tensor.ndim else tensor
            if f"{module}.running_var" not in weights:
                name = f"{module}.{_GAINS.get(parameter, parameter)}"
        elif _SLOPE.fullmatch(name):
            tensor = tensor.reshape(-1)
        elif causal and module.endswith(DEPTHWISE):
            name = f"{module}.0.{parameter}"
        shaped[name] = tensor
    return shaped


def _with_biases(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add a bias of zero to each convolution without one."""
    biases = {
        f"{name.removesuffix('weight')}bias": torch.zeros(len(tensor))
        for name, tensor in weights.items()
        if _CONV.fullmatch(name) and tensor.ndim == 3
    }
    return {**biases, **weights}


def leave_out_second_activation(weights: dict[str, Tensor], blocks: int) -> None:
    """Give every block a second slope of one: no activation between its depthwise and its last convolution."""
    weights |= {f"masker.TCN.{index}.{SLOPE_2}.weight": torch.ones(1) for index in range(blocks)}
