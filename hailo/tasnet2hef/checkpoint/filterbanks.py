"""Turn any filterbank family into plain filters ``[filter, 1, sample]``.

Asteroid's encoder is ``pre_analysis``, a convolution with ``filters()``, ``post_analysis``; its decoder likewise
(``asteroid_filterbanks/enc_dec.py``, 0.4.0). Where a family leaves the four hooks alone, the filters are all of
it, and a net with those filters stored as free ones is the same net. Families with hooks are refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tasnet2hef.checkpoint.shapes import DECODER, ENCODER
from tasnet2hef.errors import CheckpointError

FREE = "free"
_HOOKS = ("pre_analysis", "post_analysis", "pre_synthesis", "post_synthesis")
_BANKS = {"encoder": ENCODER, "decoder": DECODER}
_FEATURES = "masker.bottleneck.1.weight"  # [bottleneck, features, 1]


@dataclass(frozen=True)
class PlainFilters:
    """A net's weights with its filters made plain, and what was learnt on the way."""

    weights: dict[str, Tensor]
    options: dict[str, object]
    notes: tuple[str, ...]


def make_plain(where: str, weights: Mapping[str, Tensor], options: Mapping[str, object]) -> PlainFilters:
    """Replace the banks' parameters by their filters; sizes in the options become the filters' real ones.

    Refuses families that are more than a convolution, padded filterbanks, and sizes that contradict the weights.
    """
    _require_unpadded(where, options)
    banks = {bank: _bank_parameters(weights, bank) for bank in _BANKS}
    family = _family(where, banks["encoder"], weights, options)
    if family == FREE and banks["encoder"].keys() | banks["decoder"].keys() <= {"_filters"}:
        return _with_pinv(where, dict(weights), {**options, "fb_name": FREE}, fixed=False)
    return _with_pinv(where, *_from_library(where, weights, options, banks, family))


def _require_unpadded(where: str, options: Mapping[str, object]) -> None:
    for name in ("padding", "output_padding"):
        if options.get(name):
            raise CheckpointError(
                f"{where}: {name}: found {options[name]!r}, expected 0; a padded filterbank is not supported, "
                "train without it"
            )


def _bank_parameters(weights: Mapping[str, Tensor], bank: str) -> dict[str, Tensor]:
    prefix = f"{bank}.filterbank."
    return {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}
