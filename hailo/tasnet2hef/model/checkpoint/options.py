"""The options of a net: from the user, from the file, from the shapes of the weights; what decides is asked for.

The weights take precedence, then the user, then the file. What none of them specifies and what changes the numbers
is a question; where the family agrees on a value, that is taken with a note.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, TypeGuard

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import NORM_ALIASES, TasNetSpec
from tasnet2hef.model.checkpoint.filterbanks import BANK_OPTIONS
from tasnet2hef.model.checkpoint.shapes import block_count, blocks_seen, measured_options, sizes
from tasnet2hef.model.checkpoint.stored import UNREAD, Choice, Metadata, NamedWeights

WEIGHTS: Final = "weights"
"""The setting that names one of several networks in a file; no option of the net."""

_KNOWN = frozenset(field.name for field in dataclasses.fields(TasNetSpec)) | frozenset(BANK_OPTIONS)
# Asteroid's None, or the user's word, where it has a meaning; elsewhere it counts as absent.
_MEANING_OF_NONE = {
    "skip_chan": 0,
    "encoder_activation": "linear",
    "mask_act": "linear",
    "mask_input_act": "linear",
    "who_is_pinv": "none",
}
_SWITCHES = frozenset({"causal", "encoder_bias", "decoder_bias"})
_SWITCH_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_BANK_NUMBERS = frozenset(BANK_OPTIONS) - {"who_is_pinv"}
_OF_FILTERS = frozenset({"n_filters", "kernel_size", "out_chan", "stride"})
_STACK = ("n_blocks", "n_repeats")
_RATE = Choice(8000, "in Hz, the family's default")
_DEFAULT_BLOCKS = 8
_BATCH_NORM_NAMES = ("bN", "BN", "BatchNorm")
_GAIN, _RUNNING_MEAN = (f"masker.TCN.0.shared_block.2.{name}" for name in ("gamma", "running_mean"))


def merged_options(
    named: NamedWeights, settings: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Merge the file's options with the user's, which win; also return notes on what was replaced or ignored.

    A setting of None counts as absent. Refuses a setting that no Conv-TasNet has.
    """
    settings = plain_settings(named.where, settings)
    present = _without_none({**named.recorded.options, **named.fixed})
    recorded = {name: _plain(named.where, name, value) for name, value in present.items() if name in _KNOWN}
    ignored = sorted(name for name in present if name not in _KNOWN)
    place = named.recorded.place
    notes = [f"{name}: ignored, a Conv-TasNet has no such option ({place})" for name in ignored]
    notes += [
        f"{name}: {_text(value)} as given, instead of {_text(recorded[name])} in {place}"
        for name, value in settings.items()
        if name in recorded and recorded[name] != value
    ]
    return {**recorded, **settings}, tuple(notes)


def plain_settings(where: str, settings: Mapping[str, object]) -> dict[str, object]:
    """Return the user's options with plain values; refuse one that no Conv-TasNet has."""
    for name in settings:
        if name not in _KNOWN:
            raise CheckpointError(
                f"{where}: found the option {name!r}, expected one of {', '.join(sorted(_KNOWN | {WEIGHTS}))}"
            )
    words = {
        name: _MEANING_OF_NONE.get(name) if str(value).lower() == "none" and value is not None else value
        for name, value in settings.items()
    }
    plain = {name: _given(where, name, value) for name, value in words.items() if value is not None}
    if plain.get("stride", 1) == 0:  # files write 0 for the default
        raise CheckpointError(f"{where}: stride: found 0, expected a number of samples from 1 up")
    return plain


def beside_notes(named: NamedWeights, settings: Mapping[str, object], spec: TasNetSpec) -> tuple[str, ...]:
    """Say what was taken from other files, which may be another network's, and what the weights contradict."""
    final = spec.as_dict()
    known: set[str] = set(settings)
    notes: list[str] = []
    for entry, options in named.recorded.read:
        new = {name: value for name, value in _without_none(options).items() if name not in known}
        known |= new.keys()
        if entry.is_beside:
            others = {name: value for name, value in new.items() if not _is_same(name, value, final)}
            used = [f"{name}={value}" for name, value in new.items() if name not in others]
            notes += [f"{', '.join(used)}: as in {entry.place}"] if used else []
            notes += [
                f"{name}: {_text(final[name])}, as this network has it, not {_text(value)} as in {entry.place}"
                for name, value in others.items()
            ]
    return tuple(notes)


def _is_same(name: str, value: object, final: Mapping[str, object]) -> bool:
    """Return whether an option has a value in the finished spec; the filters' own options have no place there."""
    if name not in final or name in _OF_FILTERS:
        return True
    return final[name] == (NORM_ALIASES.get(str(value), value) if name == "norm_type" else value)


def misfits(named: NamedWeights) -> list[tuple[Metadata, str]]:
    """Return the parts of other files whose sizes are not those of the weights, with the reason in words.

    They belong to another network, or to another part of this one.
    """
    known = {**sizes(named.weights), **{name: named.fixed[name] for name in _STACK if name in named.fixed}}
    total = blocks_seen(named.weights)
    found: list[tuple[Metadata, str]] = []
    for entry, options in named.recorded.read:
        counts = {name: value for name, value in options.items() if _is_count(value)} if entry.is_beside else {}
        wrong = next((name for name, value in counts.items() if known.get(name, value) != value), None)
        section = f" ({entry.section})" if entry.section else ""
        if wrong is not None:
            reason = f"{wrong}={counts[wrong]} in {entry.place}{section}, {known[wrong]} in the weights"
            found.append((entry, reason))
        elif total and total % math.prod(counts.get(name, 1) for name in _STACK):
            said = " and ".join(f"{name}={counts[name]}" for name in _STACK if name in counts)
            found.append((entry, f"{said} in {entry.place}{section}, {total} TCN blocks in the weights"))
    return found


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def open_questions(
    named: NamedWeights, weights: Mapping[str, Tensor], options: Mapping[str, object]
) -> dict[str, tuple[Choice, ...]]:
    """Return what the options must say and do not, with the choices; the first of each is the default."""
    measured = measured_options(named.where, weights)
    shown = {name for name in ("norm_type", "mask_act", "encoder_activation") if name in measured}
    questions = {
        name: tuple(choices)
        for name, choices in named.questions.items()
        if name not in options and name not in shown
    }
    stack = _stack_choices(block_count(named.where, weights), options)
    return {**questions, **({"n_blocks": stack} if len(stack) > 1 else {})}


def refuse_unanswered(
    named: NamedWeights, questions: Mapping[str, Sequence[Choice]], taken: Mapping[str, object]
) -> NoReturn:
    """Refuse weights whose reading is open; name the choices as the flags that answer.

    ``taken``: what is assumed besides, unless it is set.

    Raises:
        CheckpointError: always.
    """
    asked = "; ".join(f"{name}: {_flags(name, choices)}" for name, choices in questions.items())
    defaults = ", ".join(f"{name}={_text(choices[0].value)}" for name, choices in questions.items())
    assumed = ", ".join(f"{name}={_text(value)}" for name, value in taken.items())
    unless = f"; taken unless set: {assumed}" if assumed else ""
    module = "".join(f"; {note}" for note in named.notes if note.startswith(("a saved module", UNREAD)))
    raise CheckpointError(
        f"{named.where}: what decides the numbers is not stored with these weights{module}: {asked}; "
        f"or --assume for {defaults}{unless}"
    )


def _flags(name: str, choices: Sequence[Choice]) -> str:
    return " or ".join(
        f"--set {name}={_text(choice.value)}" + (f" ({choice.hint})" if choice.hint else "") for choice in choices
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def completed_options(
    named: NamedWeights,
    weights: Mapping[str, Tensor],
    options: Mapping[str, object],
    settings: Mapping[str, object],
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Add what the weights show and what is assumed; also return notes on the assumptions.

    ``settings``: those of the options that the user gave. Refuses options that contradict the weights.
    """
    where = named.where
    measured = measured_options(where, weights)
    _require_agreement(named, options, measured, settings)
    _require_norm(where, weights, options, settings)
    completed = {**options, **measured}
    stack, stack_notes = _stack_of_blocks(
        where, block_count(where, weights), options, place_of(named, settings, *_STACK)
    )
    completed |= stack
    assumptions = {"sample_rate": _RATE, "norm_type": _GLOBAL, **named.assumptions}
    if not completed.get("stride"):
        half = int(str(completed["kernel_size"])) // 2
        assumptions["stride"] = Choice(half, "half the kernel, the default")
        completed.pop("stride", None)
    assumed = {
        name: choice for name, choice in assumptions.items() if name not in options and name not in completed
    }
    if "causal" in named.assumptions and "causal" not in options:
        assumed["causal"] = named.assumptions["causal"]
    notes = [*stack_notes, *(_assumption(name, choice) for name, choice in assumed.items())]
    return {**{name: choice.value for name, choice in assumed.items()}, **completed}, tuple(notes)


_GLOBAL = Choice("gLN", "the default; fgLN, cLN and cgLN have the same weights")


def _without_none(options: Mapping[str, object]) -> dict[str, object]:
    values = {name: _MEANING_OF_NONE.get(name) if value is None else value for name, value in options.items()}
    return {name: value for name, value in values.items() if value is not None}


def _given(where: str, name: str, value: object) -> object:
    """Return a user's value; where true or false is due, also for the words that people write."""
    if name in _SWITCHES:
        switch = value if isinstance(value, bool) else _SWITCH_WORDS.get(str(value).lower())
        if switch is None:
            raise CheckpointError(f"{where}: {name}: found {value!r}, expected true or false")
        return switch
    if name in _BANK_NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise CheckpointError(f"{where}: {name}: found {value!r}, expected a number")
    return _plain(where, name, value)


def _plain(where: str, name: str, value: object) -> object:
    """Turn whole floats into ints, as in Asteroid's ``sample_rate: 8000.0``; refuse lists and mappings."""
    if not isinstance(value, str | int | float):
        raise CheckpointError(f"{where}: {name}: found a {type(value).__name__}, expected a number or a name")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _require_agreement(
    named: NamedWeights,
    options: Mapping[str, object],
    measured: Mapping[str, object],
    settings: Mapping[str, object],
) -> None:
    for name, value in measured.items():
        if name != "norm_type" and name in options and options[name] != value:
            way_out = (
                f"leave {name} out"
                if name in settings
                else f"set {name}={_text(value)} or give the file that the options belong to"
            )
            raise CheckpointError(
                f"{named.where}: {name}: found {_text(options[name])} in {place_of(named, settings, name)} and "
                f"{_text(value)} in the weights, expected the same; {way_out}"
            )


def place_of(named: NamedWeights, settings: Mapping[str, object], *names: str) -> str:
    """Return where options come from, in words."""
    if any(name in settings for name in names):
        return "the options given"
    return next(
        (entry.place for entry, options in named.recorded.read if any(name in options for name in names)),
        named.recorded.place,
    )


def _assumption(name: str, choice: Choice) -> str:
    hint = f" ({choice.hint})" if choice.hint else ""
    return f"{name}: assumed {_text(choice.value)}{hint}; not stored with the weights, set {name} if it differs"


def _stack_choices(total: int, options: Mapping[str, object]) -> tuple[Choice, ...]:
    """Return the likely numbers of blocks before the dilation starts again at 1; none if an option says it.

    Published nets repeat a stack of at least three blocks, or have one of eight.

    >>> [choice.value for choice in _stack_choices(24, {})]
    [8, 6, 12, 4]
    >>> [choice.value for choice in _stack_choices(6, {})]
    [3]
    """
    if options.get("n_blocks") is not None or options.get("n_repeats") is not None:
        return ()
    fitting = [blocks for blocks in range(1, 17) if total % blocks == 0]
    usual = [blocks for blocks in fitting if 3 <= blocks <= 12 and (blocks < total or blocks == _DEFAULT_BLOCKS)]
    ordered = sorted(usual or fitting, key=lambda blocks: (abs(blocks - _DEFAULT_BLOCKS), -blocks))
    return tuple(Choice(blocks, f"{total // blocks} repeats") for blocks in ordered[:4])


def _stack_of_blocks(
    where: str, total: int, options: Mapping[str, object], place: str = "the options"
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return ``n_blocks`` and ``n_repeats``, whose product alone the weights show, and a note if they are assumed.

    Refuses a product that is not the ``total`` of blocks in the weights.

    >>> _stack_of_blocks("x", 24, {"n_repeats": 4})
    ({'n_blocks': 6, 'n_repeats': 4}, ())
    """
    blocks, repeats = (_count(where, name, options) for name in ("n_blocks", "n_repeats"))
    if blocks is None and repeats is None:
        blocks = int(str(next(iter(_stack_choices(total, options)), Choice(total, "")).value))
        choice = Choice(blocks, f"{total // blocks} repeats, the one usual stack of {total} blocks")
        return {"n_blocks": blocks, "n_repeats": total // blocks}, (_assumption("n_blocks", choice),)
    if blocks is None:
        assert repeats is not None
        blocks = total // repeats
    elif repeats is None:
        repeats = total // blocks
    if blocks * repeats != total:
        words = " and ".join(f"{name}={options[name]}" for name in ("n_blocks", "n_repeats") if name in options)
        raise CheckpointError(
            f"{where}: found {words} in {place} and {total} TCN blocks in the weights, expected "
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


def _require_norm(
    where: str, weights: Mapping[str, Tensor], options: Mapping[str, object], settings: Mapping[str, object]
) -> None:
    """Refuse batch norm for a layer norm's weights, and the user's layer norm for those of a batch norm.

    A file may name another norm than its batch norm's: some implementations build that of any unknown name.
    """
    said = settings.get("norm_type")
    if said not in (None, *_BATCH_NORM_NAMES) and _RUNNING_MEAN in weights:
        raise CheckpointError(
            f"{where}: norm_type: found {said} in the options and a batch norm in the weights; leave norm_type out"
        )
    norm = options.get("norm_type")
    if norm in _BATCH_NORM_NAMES and _GAIN in weights:
        raise CheckpointError(
            f"{where}: norm_type: found {norm} in the options and {_GAIN} in the weights, expected "
            f"{_RUNNING_MEAN}; give gLN, fgLN, cLN or cgLN"
        )
