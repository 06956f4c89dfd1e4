"""Asteroid's weights: its packages (``model.serialize()``), Lightning checkpoints, wrapped and bare state dicts.

Sources: ``asteroid/models/base_models.py``, ``asteroid/models/publisher.py`` (``infos`` of a published package)
and ``asteroid/engine/system.py`` (0.7.0); the recipes' ``conf.yml`` (``egs/*/ConvTasNet/train.py``).
"""

from __future__ import annotations

import dataclasses
import re

from torch import nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import NOT_ASTEROID, TasNetSpec
from tasnet2hef.model.checkpoint.filterbanks import BANK_OPTIONS
from tasnet2hef.model.checkpoint.letters import MASK_QUESTION, input_level, merged
from tasnet2hef.model.checkpoint.stored import (
    Choice,
    FoundWeights,
    Metadata,
    NamedWeights,
    RawCheckpoint,
    has_spec,
)

NAME = "Asteroid"
ANCHOR = r"masker\.TCN\.0\.shared_block\.0\.weight"

_OPTIONS = frozenset(f.name for f in dataclasses.fields(TasNetSpec)) - NOT_ASTEROID | frozenset(BANK_OPTIONS)
_COMMON_WORDS = frozenset({"stride", "padding", "output_padding", "causal", "kernel_size"})
_SECTIONS = ("filterbank_", "masknet_", "data_")
_OF_DATA = frozenset({"n_src", "sample_rate"})
_TRAINING_ONLY = ("loss_func.", "loss.")
_CAUSAL_NORMS = ("cLN", "ChanLN", "cgLN", "CumLN", "bN", "BN", "BatchNorm")
# Lightning of the months in which Asteroid's default was a ReLU (0.3.1 to 0.3.3, August to October 2020).
_DEFAULT_RATE = 8000
_RELU_ERA = re.compile(r"0\.(8|9|10)(\.|$)")
_CAUSAL_NORM = (
    Choice("cLN", "Asteroid from 0.5.2 on builds it in place of any norm but cgLN"),
    Choice("gLN", "as asked for, Asteroid up to 0.5.1 and TDConvNet by itself"),
)


def claims(found: FoundWeights) -> bool:
    """Return whether these are the weights of Asteroid's ConvTasNet; TDCN++ has scales and dense skips too."""
    other = any(name.startswith(("masker.dense_skip.", "masker.scaling_param")) for name in found.weights)
    return not other and not has_spec(found)


def find(found: FoundWeights) -> NamedWeights:
    """Take the weights, and the options from whatever the file and its neighbours say."""
    notes = [*found.notes, *_class_notes(found)]
    dropped = [name for name in found.weights if name.startswith(_TRAINING_ONLY)]
    if dropped:
        notes.append(f"dropped {len(dropped)} entries of the loss, first {dropped[0]}")
    weights = {name: value for name, value in found.weights.items() if name not in dropped}
    package = _entry(found, "model_args")
    read = [(entry, recipe_options(entry)) for entry in found.metadata if entry is not package]
    built = [(package, {"encoder_activation": None, **package.values})] if package else []
    recorded = merged([*built, *read])
    notes += _settle_rate(recorded.options, read, package)
    questions = _questions(found, recorded.options, is_package=package is not None)
    return NamedWeights(
        found.where,
        weights,
        recorded,
        notes=tuple(notes),
        questions=questions,
        assumptions={"encoder_activation": Choice("linear", "the default but in Asteroid 0.3.1 to 0.3.3: relu")},
        input_level_dbfs=input_level(found),
    )


def recipe_options(entry: Metadata) -> dict[str, object]:
    """Take a network's options from a recipe's section, or from all of them as Lightning flattens them.

    >>> recipe_options(Metadata("", {"stride": 8, "masknet_mask_act": "relu", "optim_lr": 0.001}))
    {'stride': 8, 'mask_act': 'relu'}
    """
    options: dict[str, object] = {}
    for name, value in entry.values.items():
        section = next((each for each in _SECTIONS if name.startswith(each)), "")
        option = name.removeprefix(section)
        if option in (_OF_DATA if section == "data_" or entry.section == "data" else _OPTIONS):
            options[option] = None if value == "None" else value
    is_its_own = f"{entry.section}_" in _SECTIONS
    if is_its_own or not options.keys() <= {*_COMMON_WORDS, "sample_rate"}:
        return options
    is_whole = options.keys() == {"sample_rate"} or entry.section in ("", "hyper_parameters")
    return {name: value for name, value in options.items() if name == "sample_rate" and is_whole}


def _entry(found: FoundWeights, name: str) -> Metadata | None:
    return next((r for r in found.metadata if re.fullmatch(rf"its (.*\.)?{name}", r.place)), None)


def _settle_rate(
    recorded: dict[str, object], read: list[tuple[Metadata, dict[str, object]]], package: Metadata | None
) -> list[str]:
    """Let the rate of the training's data win over a package's: recipes before 2021 left that at its default."""
    rates = [(r.place, o["sample_rate"]) for r, o in read if r.section == "data" and o.get("sample_rate")]
    place, rate = next(iter(rates), ("", None))
    stored = None if package is None else package.values.get("sample_rate")
    if rate is None or stored != _DEFAULT_RATE or rate == stored:
        return []
    recorded["sample_rate"] = rate
    return [
        f"sample_rate: {rate} as in {place}, instead of {stored} in its model_args: recipes before 2021 did not "
        "pass the rate to the model; set sample_rate if it differs"
    ]


def _questions(
    found: FoundWeights, recorded: dict[str, object], *, is_package: bool
) -> dict[str, tuple[Choice, ...]]:
    questions: dict[str, tuple[Choice, ...]] = {"mask_act": MASK_QUESTION}
    causal = any(".shared_block.3.0." in name for name in found.weights)
    if causal and not is_package and recorded.get("norm_type") not in _CAUSAL_NORMS:
        recorded.pop("norm_type", None)  # what was asked for, perhaps not what was built
        questions["norm_type"] = _CAUSAL_NORM
    version = next(
        (r.values.get("pytorch-lightning_version") for r in found.metadata if r.place == "the file"), None
    )
    if isinstance(version, str) and not is_package and _RELU_ERA.match(version):
        questions["encoder_activation"] = (
            Choice("relu", "Asteroid 0.3.1 to 0.3.3"),
            Choice("linear", "before and after"),
        )
    return questions


def _class_notes(found: FoundWeights) -> tuple[str, ...]:
    name = next((each for r in found.metadata if isinstance(each := _model_name(r), str)), "ConvTasNet")
    if name.lower() == "vadnet":
        raise CheckpointError(
            f"{found.where}: found a VADNet, expected a ConvTasNet; its decoder ends in a sigmoid and gives "
            "voice activity instead of speech, so give a separation model"
        )
    if name.lower() == "convtasnet":
        return ()
    return (f"model_name is {name!r}: read as a ConvTasNet because its weights fit one",)


def _model_name(entry: Metadata) -> object:
    """Return the class that a package names beside its weights; options may use the word for something else."""
    return entry.values.get("model_name") if "state_dict" in entry.values else None


def claims_module(module: nn.Module) -> bool:
    """Return whether this is a model of Asteroid's, which reports its options."""
    return callable(getattr(module, "get_model_args", None))


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take weights and options, and the padding and pseudo-inverse that Asteroid does not save."""
    model_args: dict[str, object] = dict(module.get_model_args())  # type: ignore[operator]  # torch types it Module
    encoder, decoder = getattr(module, "encoder", None), getattr(module, "decoder", None)
    model_args["who_is_pinv"] = _who_is_pinv(encoder, decoder)
    model_args["padding"] = getattr(encoder, "padding", 0) or getattr(decoder, "padding", 0)
    model_args["output_padding"] = getattr(decoder, "output_padding", 0)
    name = type(module).__name__
    return RawCheckpoint(name, {"model_name": name, "model_args": model_args, "state_dict": module.state_dict()})


def _who_is_pinv(encoder: object, decoder: object) -> str:
    if getattr(encoder, "is_pinv", False):
        return "encoder"
    return "decoder" if getattr(decoder, "is_pinv", False) else "none"
