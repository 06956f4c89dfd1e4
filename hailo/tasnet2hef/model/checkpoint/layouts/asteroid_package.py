"""What Asteroid's ``model.serialize()`` saves: name, weights and options in one file.

Source: ``asteroid/models/base_models.py`` (0.7.0). Files from before 0.4.5 lack ``causal``, older ones also
``encoder_activation`` and ``sample_rate``.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.layouts.asteroid_training import is_conv_tasnet
from tasnet2hef.model.checkpoint.state_dicts import plain_keys, tensors_of
from tasnet2hef.model.checkpoint.stored import NamedWeights, RawCheckpoint

NAME = "Asteroid package (serialize)"
INPUT_LEVEL = "input_level_dbfs"


def claims(content: Mapping[str, object]) -> bool:
    """Return whether there are options and weights side by side."""
    state = content.get("state_dict")
    has_options = isinstance(content.get("model_args"), Mapping)
    return has_options and isinstance(state, Mapping) and is_conv_tasnet(plain_keys(state))


def find(raw: RawCheckpoint) -> NamedWeights:
    """Take options and weights; refuse a class whose forward pass is not Conv-TasNet's."""
    model_args, state = raw.content["model_args"], raw.content["state_dict"]
    assert isinstance(model_args, Mapping)
    assert isinstance(state, Mapping)
    recorded = {"encoder_activation": None, **{str(name): value for name, value in model_args.items()}}
    weights = tensors_of(raw.where, plain_keys(state))
    level = _input_level(raw)
    return NamedWeights(raw.where, weights, recorded, "its model_args", _class_notes(raw), input_level_dbfs=level)


def _input_level(raw: RawCheckpoint) -> float | None:
    """Read the level that ``freeze`` and ``distil`` leave among the infos, which Asteroid itself ignores."""
    infos = raw.content.get("infos")
    level = infos.get(INPUT_LEVEL) if isinstance(infos, Mapping) else None
    if level is None:
        return None
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not -100 <= level <= 0:
        raise CheckpointError(
            f"{raw.where}: {INPUT_LEVEL}: found {level!r}, expected -100 to 0 dBFS; save it again"
        )
    return float(level)


def _class_notes(raw: RawCheckpoint) -> tuple[str, ...]:
    name = str(raw.content.get("model_name", "ConvTasNet"))
    if name.lower() == "vadnet":
        raise CheckpointError(
            f"{raw.where}: found a VADNet, expected a ConvTasNet; its decoder ends in a sigmoid and gives "
            "voice activity instead of speech, so give a separation model"
        )
    if name.lower() == "convtasnet":
        return ()
    return (f"model_name is {name!r}: read as a ConvTasNet because its weights fit one",)


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
