"""Computes the filters of a bank that is the pseudo-inverse of the other one (Asteroid's ``who_is_pinv``).

Asteroid does not save the option; both banks then share one set of parameters, and one of them uses the
pseudo-inverse at each forward pass (``asteroid_filterbanks/enc_dec.py``, ``compute_filter_pinv``, 0.4.0).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.filter_families import Family

_SPELLINGS = {"encoder": "encoder", "enc": "encoder", "decoder": "decoder", "dec": "decoder", "none": None}


def pseudo_inverse(filters: Tensor, stride: object) -> Tensor:
    """Invert ``filters`` ``[filter, 1, sample]`` over samples, scaled for the overlap of frames.

    A stride that is not a positive number counts as half a kernel, as in Asteroid.
    """
    kernel_size = filters.shape[-1]
    step = stride if isinstance(stride, int) and stride > 0 else kernel_size // 2
    inverse = torch.pinverse(filters[:, 0]).transpose(-1, -2)[:, None]
    return (inverse * (step / kernel_size)).contiguous()


def pseudo_inverse_bank(
    where: str,
    banks: Mapping[str, Mapping[str, Tensor]],
    options: Mapping[str, object],
    family: Family,
    *,
    assume: bool,
) -> tuple[str | None, tuple[str, ...]]:
    """Return the bank that is a pseudo-inverse, if any, and notes; refuse equal banks without the option.

    ``assume``: equal banks of a family that does not start at random are what they seem.
    """
    if "who_is_pinv" in options:
        bank = _spelled(where, options["who_is_pinv"])
        note = f"the {bank}'s filters are the pseudo-inverse of the other bank's, computed once"
        return bank, (note,) if bank else ()
    if not _same(banks["encoder"], banks["decoder"]):
        return None, ()
    if assume and not family.starts_random:
        return None, (f"who_is_pinv: assumed none: {family.name} banks are equal from the start",)
    raise CheckpointError(
        f"{where}: found equal filters in encoder and decoder ({family.name}), which Asteroid saves both for "
        "equal banks and for one that is the other's pseudo-inverse; give --set who_is_pinv=none, encoder or "
        "decoder"
    )


def _spelled(where: str, value: object) -> str | None:
    spelling = str(value).lower()
    if spelling not in _SPELLINGS:
        raise CheckpointError(f"{where}: who_is_pinv: found {value!r}, expected encoder, decoder or none")
    return _SPELLINGS[spelling]


def _same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
