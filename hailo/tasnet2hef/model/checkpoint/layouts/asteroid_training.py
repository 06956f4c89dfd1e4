"""Asteroid's weights without its package: Lightning checkpoints, wrapped and bare state dicts.

The options come from ``training_config`` or ``hyper_parameters`` in the checkpoint (``asteroid/engine/system.py``,
0.7.0), else from the ``conf.yml`` beside the file (``egs/*/ConvTasNet/train.py``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from torch import nn

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.conf_file import NAME as CONF_NAME
from tasnet2hef.model.checkpoint.conf_file import conf_beside
from tasnet2hef.model.checkpoint.state_dicts import plain_keys, tensors_of, unwrap
from tasnet2hef.model.checkpoint.stored import NamedWeights, RawCheckpoint

NAME = "Asteroid state dict"

_OPTIONS = frozenset(field.name for field in dataclasses.fields(TasNetSpec))
# Sections of a recipe's conf and the options each may hold; later ones win.
_SECTIONS = (("data", frozenset({"n_src", "sample_rate"})), ("filterbank", None), ("masknet", _OPTIONS))
_RECORDED_IN = ("training_config", "hyper_parameters")
_TRAINING_ONLY = ("loss_func.", "loss.")


def is_conv_tasnet(keys: Iterable[str]) -> bool:
    """Return whether parameters are named as in Asteroid's ConvTasNet; TDCN++ has scales and dense skips too."""
    names = list(keys)
    other = any(name.startswith(("masker.dense_skip.", "masker.scaling_param")) for name in names)
    return not other and any(name.startswith("masker.TCN.") for name in names)


def claims(content: Mapping[str, object]) -> bool:
    """Return whether this is a state dict with Asteroid's names, without a package's options or a spec."""
    bare = not any(isinstance(content.get(name), Mapping) for name in ("model_args", "spec"))
    return bare and is_conv_tasnet(plain_keys(unwrap(content)))


def find(raw: RawCheckpoint) -> NamedWeights:
    """Take the weights, and the options from the checkpoint or from the recipe's conf."""
    state = plain_keys(unwrap(raw.content))
    dropped = [name for name in state if name.startswith(_TRAINING_ONLY)]
    weights = tensors_of(raw.where, {name: value for name, value in state.items() if name not in dropped})
    notes = (f"dropped {len(dropped)} entries of the loss, first {dropped[0]}",) if dropped else ()
    for place in _RECORDED_IN:
        options = recipe_options(raw.content.get(place))
        if options:
            return NamedWeights(raw.where, weights, options, f"its {place}", notes)
    options = recipe_options(conf_beside(raw.path)) if raw.path else {}
    return NamedWeights(raw.where, weights, options, f"the {CONF_NAME} beside it", notes)


def recipe_options(conf: object) -> dict[str, object]:
    """Gather a network's options from a recipe's conf, nested or flattened as Lightning keeps it.

    >>> recipe_options({"filterbank": {"stride": 8}, "masknet_mask_act": "relu", "optim_lr": 0.001})
    {'stride': 8, 'mask_act': 'relu'}
    """
    if not isinstance(conf, Mapping):
        return {}
    gathered = {name: value for name, value in conf.items() if name in _OPTIONS}
    for section, wanted in _SECTIONS:
        gathered.update(_section_options(conf, section, wanted))
    return {
        name: None if isinstance(value, str) and value == "None" else value for name, value in gathered.items()
    }


def _section_options(conf: Mapping[str, object], section: str, wanted: frozenset[str] | None) -> dict[str, object]:
    nested = conf.get(section)
    flat = {
        str(name).removeprefix(f"{section}_"): value
        for name, value in conf.items()
        if str(name).startswith(f"{section}_")
    }
    options = {str(name): value for name, value in nested.items()} if isinstance(nested, Mapping) else flat
    return {name: value for name, value in options.items() if wanted is None or name in wanted}


def claims_module(module: nn.Module) -> bool:
    """Return False: a live network that can't report its options is read as a bare state dict."""
    return False


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take the weights alone."""
    return RawCheckpoint(type(module).__name__, module.state_dict())
