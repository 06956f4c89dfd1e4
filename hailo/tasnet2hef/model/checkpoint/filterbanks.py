"""Turns any filterbank family into plain filters ``[filter, 1, sample]``.

Asteroid's encoder is ``pre_analysis``, a convolution with ``filters()``, ``post_analysis``; its decoder likewise
(``asteroid_filterbanks/enc_dec.py``, 0.4.0). Where a family overrides none of the four hooks, the filters are all
there is, and a net that stores them as free ones is the same net. Families with hooks are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.filter_families import FREE, Family, family_of
from tasnet2hef.model.checkpoint.pseudo_inverse import pseudo_inverse, pseudo_inverse_bank

BANK_OPTIONS = ("in_chan", "padding", "output_padding", "who_is_pinv", "min_low_hz", "min_band_hz")
"""Options of Asteroid's filterbanks that are not in a spec, because the filters contain their effect."""

_BANKS = ("encoder", "decoder")
_FEATURES = "masker.bottleneck.1.weight"  # [bottleneck, feature, 1]


def with_plain_filters(
    where: str,
    weights: Mapping[str, Tensor],
    options: Mapping[str, object],
    *,
    assume: bool = False,
    place: str = "the options",
) -> tuple[dict[str, Tensor], dict[str, object], tuple[str, ...]]:
    """Replace the banks' parameters by their filters; return weights, the spec's options, and notes.

    ``place`` is where the sizes come from, in words. ``assume``: equal banks that do not start at random are none
    the pseudo-inverse of the other. Sizes in the options become those of the filters. Refuses families that are
    more than a convolution, padded filterbanks, and sizes that contradict the weights.
    """
    _require_unpadded(where, options)
    banks = {bank: _parameters_of(weights, bank) for bank in _BANKS}
    if not all(banks.values()) or _FEATURES not in weights or weights[_FEATURES].ndim != 3:
        return dict(weights), options_of_spec(options), ()  # a later check names what is missing
    features = weights[_FEATURES].shape[1]
    family = family_of(where, banks["encoder"], options, features)
    filters = {bank: family.filters(where, bank, parameters) for bank, parameters in banks.items()}
    for bank, tensor in filters.items():
        _require_features(where, f"{bank}.filterbank", tensor, features)
    inverse, notes = pseudo_inverse_bank(where, banks, options, family, assume=assume)
    if inverse is not None:
        source = "decoder" if inverse == "encoder" else "encoder"
        filters[inverse] = pseudo_inverse(filters[source], options.get("stride"))
    sizes = _filter_sizes(where, options, family, filters["encoder"], place)
    plain, notes = _with_filters(weights, family, filters, notes)
    return plain, sizes, notes


def options_of_spec(options: Mapping[str, object]) -> dict[str, object]:
    """Leave out the filterbank's own options."""
    return {name: value for name, value in options.items() if name not in BANK_OPTIONS}


def _require_unpadded(where: str, options: Mapping[str, object]) -> None:
    for name in ("padding", "output_padding"):
        if options.get(name):
            raise CheckpointError(
                f"{where}: {name}: found {options[name]!r}, expected 0; a padded filterbank is not supported: "
                "train without it"
            )


def _require_features(where: str, bank: str, filters: Tensor, features: int) -> None:
    if filters.ndim != 3 or filters.shape[:2] != (features, 1):
        raise CheckpointError(
            f"{where}: {bank}: found filters of shape {list(filters.shape)}, expected [{features}, 1, samples], "
            f"as many as {_FEATURES} takes; give the fb_name that it was trained with, or the right file"
        )


def _parameters_of(weights: Mapping[str, Tensor], bank: str) -> dict[str, Tensor]:
    prefix = f"{bank}.filterbank."
    return {key.removeprefix(prefix): tensor for key, tensor in weights.items() if key.startswith(prefix)}


def _with_filters(
    weights: Mapping[str, Tensor],
    family: Family,
    filters: Mapping[str, Tensor],
    notes: tuple[str, ...],
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    used = {f"{bank}.filterbank.{name}" for bank in _BANKS for name in family.parameters}
    plain = {key: tensor for key, tensor in weights.items() if key not in used}
    plain |= {f"{bank}.filterbank._filters": tensor for bank, tensor in filters.items()}
    if family.name != FREE:
        shape = list(filters["encoder"].shape)
        notes = (f"{family.name} filters computed once and kept as free ones, {shape}", *notes)
    return plain, notes


def _filter_sizes(
    where: str, options: Mapping[str, object], family: Family, filters: Tensor, place: str
) -> dict[str, object]:
    real = {**options, "fb_name": family.name}
    measured = {"n_filters": filters.shape[0], "kernel_size": filters.shape[-1], "in_chan": filters.shape[0]}
    sizes = {name: size for name in measured if isinstance(size := options.get(name), int)}
    expected = {name: family.filter_size(name, size) for name, size in sizes.items()}
    for name, size in expected.items():
        if size != measured[name]:
            raise CheckpointError(
                f"{where}: {name}: found {sizes[name]} in {place}, which makes {size} for {family.name} filters, "
                f"and {list(filters.shape)} in the weights, expected the same; give options and weights that "
                "belong together"
            )
        real[name] = size
    return options_of_spec(real)
