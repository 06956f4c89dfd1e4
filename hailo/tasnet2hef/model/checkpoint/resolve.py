"""Complete a Conv-TasNet that was found: weights say most, then options given, options recorded, defaults."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError, OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.block_stacks import blocks_and_repeats
from tasnet2hef.model.checkpoint.checkpoint import Checkpoint
from tasnet2hef.model.checkpoint.dead_weights import with_dead_weights
from tasnet2hef.model.checkpoint.filterbanks import PlainNet, make_plain, options_of_spec
from tasnet2hef.model.checkpoint.merge_options import said_options
from tasnet2hef.model.checkpoint.norm_choice import chosen_norm
from tasnet2hef.model.checkpoint.shapes import block_count, measured_options
from tasnet2hef.model.checkpoint.stored import Found
from tasnet2hef.model.checkpoint.tensors import clean, expected_shapes, require_fit

# The family's defaults for what weights can't tell, with what to know about each.
_ASSUMED: Mapping[str, tuple[object, str]] = {
    "sample_rate": (8000, "in Hz, Asteroid's default"),
    "encoder_activation": ("linear", "the default"),
    "mask_act": (
        "sigmoid",
        "the class's default, but Asteroid's recipes and torchaudio's conv_tasnet_base use relu",
    ),
}


def resolve(found: Found, format_name: str, given: Mapping[str, object]) -> Checkpoint:
    """Make a checked Checkpoint; every assumption becomes a note, every contradiction is refused."""
    where = found.where
    said, said_notes = said_options(found, given)
    cleaned, dtype_notes = clean(where, found.weights)
    plain = PlainNet(cleaned, options_of_spec(said)) if found.plain_filters else make_plain(where, cleaned, said)
    weights, dead_notes = with_dead_weights(plain.weights)
    options, option_notes = _completed(where, weights, plain.options, as_said=found.plain_filters)
    spec = _spec(where, options)
    require_fit(where, weights, spec)
    notes = (*found.notes, *said_notes, *dtype_notes, *plain.notes, *dead_notes, *option_notes)
    chosen = {key: weights[key] for key in expected_shapes(spec)}
    return Checkpoint(spec, chosen, format_name, notes, found.input_level_dbfs)


def _completed(
    where: str, weights: Mapping[str, Tensor], said: Mapping[str, object], *, as_said: bool
) -> tuple[dict[str, object], tuple[str, ...]]:
    measured = measured_options(where, weights)
    _require_agreement(where, said, measured)
    options = {**said, **measured}
    blocks, block_notes = blocks_and_repeats(where, block_count(where, weights), said)
    norm, norm_notes = chosen_norm(where, weights, options, as_said=as_said)
    options |= {**blocks, "norm_type": norm}
    assumed = {name: value for name, (value, _) in _ASSUMED.items() if name not in options}
    notes = [_assumption(name, value, _ASSUMED[name][1]) for name, value in assumed.items()]
    if not options.get("stride"):
        assumed["stride"] = int(str(options["kernel_size"])) // 2
        notes.append(_assumption("stride", assumed["stride"], "half the kernel, the default"))
    return {**options, **assumed}, (*block_notes, *norm_notes, *notes)


def _assumption(name: str, value: object, hint: str) -> str:
    return f"{name}: assumed {value} ({hint}); nothing with the weights says it, set {name} if it is another"


def _require_agreement(where: str, said: Mapping[str, object], measured: Mapping[str, object]) -> None:
    for name, value in measured.items():
        if name != "norm_type" and name in said and said[name] != value:
            raise CheckpointError(
                f"{where}: {name}: found {said[name]} in the options and {value} in the weights, expected the "
                f"same; set {name}={value} or give the file that the options belong to"
            )


def _spec(where: str, options: Mapping[str, object]) -> TasNetSpec:
    try:
        return TasNetSpec.from_options(options)
    except OptionError as error:
        raise CheckpointError(f"{where}: {error}") from error
