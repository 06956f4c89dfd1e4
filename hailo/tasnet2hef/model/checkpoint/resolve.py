"""From located weights to a checked Checkpoint: plain filters, complete options, exact names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError, OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.checkpoint import Checkpoint
from tasnet2hef.model.checkpoint.filterbanks import options_of_spec, with_plain_filters
from tasnet2hef.model.checkpoint.fitting import named_by_fitting
from tasnet2hef.model.checkpoint.letters import require_one_channel
from tasnet2hef.model.checkpoint.options import (
    beside_notes,
    completed_options,
    merged_options,
    open_questions,
    place_of,
    plain_settings,
    refuse_unanswered,
)
from tasnet2hef.model.checkpoint.shapes import ENCODER, has_axes
from tasnet2hef.model.checkpoint.stored import FoundWeights, Layout, NamedWeights
from tasnet2hef.model.checkpoint.tensors import clean, expected_shapes, require_fit, require_sizes

_SKIP = "masker.TCN.0.skip_conv.weight"


def resolve(
    layout: Layout, found: FoundWeights, settings: Mapping[str, object], *, assume: bool = False
) -> Checkpoint:
    """Build a checked Checkpoint; contradictions are refused, and what decides the numbers is asked for.

    ``assume``: take the default of every question instead, with a note.
    """
    where = found.where
    found = replace(found, settings=plain_settings(where, settings))
    require_sizes(where, found.weights)
    named = named_by_fitting(layout, found)
    options, merge_notes = merged_options(named, settings)
    _require_channels(named, options)
    weights, dtype_notes = clean(where, named.weights)
    filter_notes: tuple[str, ...] = ()
    if named.plain_filters:
        options = options_of_spec(options)
    else:
        place = place_of(named, found.settings, "n_filters", "kernel_size", "in_chan")
        weights, options, filter_notes = with_plain_filters(where, weights, options, assume=assume, place=place)
    weights, unused_notes = _with_unused_weights(weights)
    questions = open_questions(named, weights, options, found.settings)
    if questions:
        checkpoint = _assumed(layout, found, {name: choices[0].value for name, choices in questions.items()})
        if assume:
            return checkpoint
        noted = [note.partition(": assumed")[0] for note in checkpoint.notes if ": assumed" in note]
        read = checkpoint.spec.as_dict()
        taken = {name: read[name] for name in noted if name in read and name not in questions}
        refuse_unanswered(named, questions, taken)  # last: what is wrong in itself needs no answer
    unread = {name: kind for name, kind in found.unread.items() if not name.startswith(("loss_func.", "loss."))}
    if unread:
        name, kind = next(iter(unread.items()))
        raise CheckpointError(
            f"{where}: {name}: found a {kind} tensor, expected plain float weights; save the network before it is "
            "quantised or pruned"
        )
    options, option_notes = completed_options(named, weights, options, found.settings)
    spec = _spec(where, options)
    require_fit(where, weights, spec)
    beside = beside_notes(named, found.settings, spec)
    notes = (*named.notes, *beside, *merge_notes, *dtype_notes, *filter_notes, *unused_notes, *option_notes)
    ordered = {key: weights[key] for key in expected_shapes(spec)}
    return Checkpoint(spec, ordered, layout.NAME, notes, named.input_level_dbfs)


def _assumed(layout: Layout, found: FoundWeights, defaults: Mapping[str, object]) -> Checkpoint:
    """Take the defaults as if the user had given them: a layout may name its weights by them."""
    checkpoint = resolve(layout, found, {**defaults, **found.settings}, assume=True)
    assumed = (f"{name}: assumed {value}, as --assume allows" for name, value in defaults.items())
    return replace(checkpoint, notes=(*assumed, *checkpoint.notes))


def _require_channels(named: NamedWeights, options: Mapping[str, object]) -> None:
    """Refuse another number of channels than the layout found: the weights of one channel show no other."""
    recorded = {**named.recorded.options, **named.fixed}
    asked, stored = options.get("audio_channels", 1), recorded.get("audio_channels", 1)
    if asked != stored:
        raise CheckpointError(
            f"{named.where}: audio_channels: found {asked} in the options and {stored} in the weights, expected "
            "the same; leave it out"
        )
    if stored == 1 and has_axes(named.weights, ENCODER):
        require_one_channel(named.where, named.weights[ENCODER].shape[1])


def _spec(where: str, options: Mapping[str, object]) -> TasNetSpec:
    try:
        return TasNetSpec.from_options(options)
    except OptionError as error:
        raise CheckpointError(f"{where}: {error}") from error


def _with_unused_weights(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Add zeros for an absent residual convolution of the last block, and absent counters of batch norms.

    With a skip path the last residual feeds nothing; torchaudio leaves it out. Counters matter in training only.
    """
    complete = dict(weights)
    for key in weights:
        if key.endswith(".running_var"):
            complete.setdefault(f"{key.removesuffix('running_var')}num_batches_tracked", torch.tensor(0))
    residual = _last_residual(weights)
    if not residual or any(key in weights for key in residual):
        return complete, ()
    note = "the last block's residual convolution is absent; it feeds nothing, so zeros stand in for it"
    return {**complete, **residual}, (note,)


def _last_residual(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return zeros for the last block's residual convolution; empty if it has a use or its size is unknown."""
    last = sum(key.endswith(".shared_block.0.bias") for key in weights) - 1
    in_conv = weights.get(f"masker.TCN.{last}.shared_block.0.weight")
    if _SKIP not in weights or in_conv is None or in_conv.ndim != 3:
        return {}
    hidden, stream = in_conv.shape[:2]
    prefix = f"masker.TCN.{last}.res_conv"
    return {f"{prefix}.weight": torch.zeros(stream, hidden, 1), f"{prefix}.bias": torch.zeros(stream)}
