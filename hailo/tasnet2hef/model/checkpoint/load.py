"""Load a checkpoint: location -> stored values -> Conv-TasNet found -> spec and weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from torch import nn

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import containers, layouts
from tasnet2hef.model.checkpoint.checkpoint import Checkpoint
from tasnet2hef.model.checkpoint.other_architectures import refuse_architecture
from tasnet2hef.model.checkpoint.other_files import refuse_location
from tasnet2hef.model.checkpoint.resolve import resolve
from tasnet2hef.model.checkpoint.stored import Container, Layout, Stored


def load_checkpoint(path_or_id: str | os.PathLike[str], options: Mapping[str, object] | None = None) -> Checkpoint:
    """Read a trained Conv-TasNet; nothing in the file is ever executed.

    ``path_or_id`` is a file, a folder, or a Hugging Face id ``org/name`` or ``org/name@revision``. ``options``
    are TasNetSpec's names (and Asteroid's ``who_is_pinv``, ``min_low_hz``, ``min_band_hz``); they fill in and
    override what the file says, but must agree with what the shapes of the weights say.

    Raises:
        CheckpointError: it can't be read as a Conv-TasNet; one line with the reason and the way out.
    """
    location = os.fspath(path_or_id)
    return _checkpoint_from(_open(location), options)


def from_module(module: nn.Module, options: Mapping[str, object] | None = None) -> Checkpoint:
    """Take a live network: Asteroid's ConvTasNet, torchaudio's, or a ReferenceTasNet; weights are copied.

    Wrappers (DataParallel, ``torch.compile``, a Lightning system's ``model``) are seen through.
    """
    inner = _unwrapped(module)
    for layout in _layouts():
        if layout.claims_module(inner):
            return _checkpoint_from(layout.from_live(inner), options)
    return _checkpoint_from(Stored(type(inner).__name__, inner.state_dict()), options)


def _checkpoint_from(stored: Stored, options: Mapping[str, object] | None) -> Checkpoint:
    layout = _layout_of(stored)
    return resolve(layout.find(stored), layout.NAME, options or {})


def _open(location: str) -> Stored:
    try:
        return _opened(location)
    except OSError as error:
        raise CheckpointError(
            f"{location}: found something that can't be read ({error.strerror or error}), expected a checkpoint; "
            "check the name and the permissions"
        ) from error


def _opened(location: str) -> Stored:
    claimants = [module for module in modules_of(containers) if cast(Container, module).claims(location)]
    if not claimants:
        refuse_location(Path(location))
    return cast(Container, claimants[0]).open_stored(location)


def _layouts() -> list[Layout]:
    return [cast(Layout, module) for module in modules_of(layouts)]


def _layout_of(stored: Stored) -> Layout:
    claimants = [layout for layout in _layouts() if layout.claims(stored.content)]
    if not claimants:
        refuse_architecture(stored)
    return claimants[0]


def _unwrapped(module: nn.Module) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise CheckpointError(f"found a {type(module).__name__}, expected a torch network; give a live ConvTasNet")
    for name in ("_orig_mod", "module", "model"):
        inner = getattr(module, name, None)
        if isinstance(inner, nn.Module):
            return _unwrapped(inner)
    return module
