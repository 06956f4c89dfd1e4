"""The options of a net: from the user, from the file, from the shapes of the weights, and the family's defaults.

The weights take precedence, then the user, then the file; what none of them specifies is assumed, with a note.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.filterbanks import BANK_OPTIONS
from tasnet2hef.model.checkpoint.shapes import block_count, measured_options
from tasnet2hef.model.checkpoint.stored import NamedWeights

_KNOWN = frozenset(field.name for field in dataclasses.fields(TasNetSpec)) | frozenset(BANK_OPTIONS)
# Asteroid's None where it has a meaning; elsewhere None counts as absent.
_MEANING_OF_NONE = {"skip_chan": 0, "encoder_activation": "linear", "who_is_pinv": "none"}
# The family's defaults for what weights can't show, with a hint about each.
_DEFAULTS: Mapping[str, tuple[object, str]] = {
    "sample_rate": (8000, "in Hz, Asteroid's default"),
    "encoder_activation": ("linear", "the default"),
    "mask_act": (
        "sigmoid",
        "the class's default, but Asteroid's recipes and torchaudio's conv_tasnet_base use relu",
    ),
}
_DEFAULT_BLOCKS = 8
_BATCH_NORM_NAMES = ("bN", "BN", "BatchNorm")
_CAUSAL_NAMES = ("cLN", "ChanLN", "cgLN", "CumLN")
_GAIN, _RUNNING_MEAN = "masker.bottleneck.0.gamma", "masker.bottleneck.0.running_mean"


def merged_options(
    named: NamedWeights, settings: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Merge the file's options with the user's, which win; also return notes on what was replaced or ignored.

    A setting of None counts as absent. Refuses a setting that no Conv-TasNet has.
    """
    settings = {name: _plain(named.where, name, value) for name, value in settings.items() if value is not None}
    for name in settings:
        if name not in _KNOWN:
            raise CheckpointError(
                f"{named.where}: found the option {name!r}, expected one of {', '.join(sorted(_KNOWN))}"
            )
    present = _without_none(named.recorded)
    recorded = {name: _plain(named.where, name, value) for name, value in present.items() if name in _KNOWN}
    ignored = sorted(name for name in present if name not in _KNOWN)
    notes = [f"{name}: ignored, a Conv-TasNet has no such option ({named.recorded_in})" for name in ignored]
    notes += [
        f"{name}: {value} as given, instead of {recorded[name]} in {named.recorded_in}"
        for name, value in settings.items()
        if name in recorded and recorded[name] != value
    ]
    return {**recorded, **settings}, tuple(notes)


def completed_options(
    where: str, weights: Mapping[str, Tensor], options: Mapping[str, object], *, is_own_spec: bool
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Add what the weights show and what is assumed; also return notes on the assumptions.

    ``is_own_spec``: the options are the spec of our own file, whose norm is never reinterpreted. Refuses options
    that contradict the weights.
    """
    measured = measured_options(where, weights)
    _require_agreement(where, options, measured)
    completed = {**options, **measured}
    stack, stack_notes = _stack_of_blocks(where, block_count(where, weights), options)
    norm, norm_notes = _norm(where, weights, completed, is_own_spec=is_own_spec)
    completed |= {**stack, "norm_type": norm}
    assumed = {name: value for name, (value, _) in _DEFAULTS.items() if name not in completed}
    notes = [_assumption(name, value, _DEFAULTS[name][1]) for name, value in assumed.items()]
    if not completed.get("stride"):
        assumed["stride"] = int(str(completed["kernel_size"])) // 2
        notes.append(_assumption("stride", assumed["stride"], "half the kernel, the default"))
    return {**completed, **assumed}, (*stack_notes, *norm_notes, *notes)


def _without_none(options: Mapping[str, object]) -> dict[str, object]:
    values = {name: _MEANING_OF_NONE.get(name) if value is None else value for name, value in options.items()}
    return {name: value for name, value in values.items() if value is not None}


def _plain(where: str, name: str, value: object) -> object:
    """Turn whole floats into ints, as in Asteroid's ``sample_rate: 8000.0``; refuse lists and mappings."""
    if not isinstance(value, str | int | float):
        raise CheckpointError(f"{where}: {name}: found a {type(value).__name__}, expected a number or a name")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _require_agreement(where: str, options: Mapping[str, object], measured: Mapping[str, object]) -> None:
    for name, value in measured.items():
        if name != "norm_type" and name in options and options[name] != value:
            raise CheckpointError(
                f"{where}: {name}: found {options[name]} in the options and {value} in the weights, expected the "
                f"same; set {name}={value} or give the file that the options belong to"
            )


def _assumption(name: str, value: object, hint: str) -> str:
    return f"{name}: assumed {value} ({hint}); not stored with the weights, set {name} if it differs"


def _stack_of_blocks(
    where: str, total: int, options: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return ``n_blocks`` and ``n_repeats``, whose product alone the weights show, and a note if both are assumed.

    Refuses a product that is not the ``total`` of blocks in the weights, and a total that 8 does not divide when
    neither is an option.

    >>> _stack_of_blocks("x", 24, {"n_repeats": 4})
    ({'n_blocks': 6, 'n_repeats': 4}, ())
    """
    blocks, repeats = (_count(where, name, options) for name in ("n_blocks", "n_repeats"))
    if blocks is None and repeats is None:
        return _assumed_stack(where, total)
    if blocks is None:
        assert repeats is not None
        blocks = total // repeats
    elif repeats is None:
        repeats = total // blocks
    if blocks * repeats != total:
        words = " and ".join(f"{name}={options[name]}" for name in ("n_blocks", "n_repeats") if name in options)
        raise CheckpointError(
            f"{where}: found {words} in the options and {total} TCN blocks in the weights, expected "
            f"n_blocks times n_repeats to be {total}; correct the options"
        )
    return {"n_blocks": blocks, "n_repeats": repeats}, ()


def _count(where: str, name: str, options: Mapping[str, object]) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise CheckpointError(f"{where}: {name}: found {value!r}, expected a whole number of at least 1")
    return value


def _assumed_stack(where: str, total: int) -> tuple[dict[str, object], tuple[str, ...]]:
    if total % _DEFAULT_BLOCKS:
        raise CheckpointError(
            f"{where}: found {total} TCN blocks, expected a multiple of {_DEFAULT_BLOCKS} when no option says how "
            "they repeat; give n_blocks, the number of blocks before the dilation starts again at 1"
        )
    repeats = total // _DEFAULT_BLOCKS
    note = (
        f"n_blocks: assumed {_DEFAULT_BLOCKS}, n_repeats {repeats} (the default stack; dilations 1 to 128); the "
        f"weights show only that there are {total} blocks, set n_blocks if it differs"
    )
    return {"n_blocks": _DEFAULT_BLOCKS, "n_repeats": repeats}, (note,)


def _norm(
    where: str, weights: Mapping[str, Tensor], options: Mapping[str, object], *, is_own_spec: bool
) -> tuple[object, tuple[str, ...]]:
    """Return the norm's name and a note if it was assumed or changed.

    Batch norm shows in the weights, the layer norms only in the options. A causal net becomes cLN where Asteroid's
    class would have built that, unless the options are our own spec.
    """
    norm, causal = options.get("norm_type"), bool(options["causal"])
    if norm in _BATCH_NORM_NAMES and _GAIN in weights:
        raise CheckpointError(
            f"{where}: norm_type: found {norm} in the options and {_GAIN} in the weights, expected "
            f"{_RUNNING_MEAN}; give gLN, fgLN, cLN or cgLN"
        )
    if _RUNNING_MEAN in weights:
        return "bN", ()
    if norm is None:
        return _assumed_norm(causal)
    if causal and norm not in _CAUSAL_NAMES and not is_own_spec:
        return "cLN", (f"norm_type: cLN instead of {norm}, as Asteroid builds every causal net without cgLN",)
    return norm, ()


def _assumed_norm(causal: bool) -> tuple[str, tuple[str, ...]]:
    norm = "cLN" if causal else "gLN"
    kind = "a causal net's default" if causal else "the default"
    return norm, (
        f"norm_type: assumed {norm} ({kind}); gLN, fgLN, cLN and cgLN have the same weights, set norm_type if "
        "it differs",
    )
