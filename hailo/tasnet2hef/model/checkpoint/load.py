"""Load a checkpoint: a location becomes plain values, then weights by name, then a checked Checkpoint."""

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
from tasnet2hef.model.checkpoint.stored import Container, Layout, RawCheckpoint


def load_checkpoint(path_or_id: str | os.PathLike[str], options: Mapping[str, object] | None = None) -> Checkpoint:
    """Read a trained Conv-TasNet; nothing in the file is ever executed.

    ``path_or_id`` is a file, a folder, or a Hugging Face id ``org/name`` or ``org/name@revision``. ``options``
    have TasNetSpec's names (and Asteroid's ``who_is_pinv``, ``min_low_hz``, ``min_band_hz``); they add to and
    override those of the file, but must agree with the shapes of the weights.

    Raises:
        CheckpointError: it can't be read as a Conv-TasNet; one line with the reason and what to do.
    """
    return _checkpoint_from(_read(os.fspath(path_or_id)), options)


def from_module(module: nn.Module, options: Mapping[str, object] | None = None) -> Checkpoint:
    """Take over a live network: Asteroid's ConvTasNet, torchaudio's, or a ReferenceTasNet; weights are copied.

    Wrappers (DataParallel, ``torch.compile``, a Lightning system's ``model``) are removed.
    """
    inner = _unwrapped(module)
    for layout in _layouts():
        if layout.claims_module(inner):
            return _checkpoint_from(layout.from_live(inner), options)
    return _checkpoint_from(RawCheckpoint(type(inner).__name__, inner.state_dict()), options)


def _checkpoint_from(raw: RawCheckpoint, options: Mapping[str, object] | None) -> Checkpoint:
    layout = _layout_of(raw)
    return resolve(layout.find(raw), layout.NAME, options or {})


def _read(location: str) -> RawCheckpoint:
    try:
        claimants = [module for module in modules_of(containers) if cast(Container, module).claims(location)]
        if not claimants:
            refuse_location(Path(location))
        return cast(Container, claimants[0]).read(location)
    except OSError as error:
        raise CheckpointError(
            f"{location}: found something that can't be read ({error.strerror or error}), expected a checkpoint; "
            "check the name and the permissions"
        ) from error


def _layouts() -> list[Layout]:
    return [cast(Layout, module) for module in modules_of(layouts)]


def _layout_of(raw: RawCheckpoint) -> Layout:
    claimants = [layout for layout in _layouts() if layout.claims(raw.content)]
    if not claimants:
        refuse_architecture(raw)
    return claimants[0]


def _unwrapped(module: nn.Module) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise CheckpointError(f"found a {type(module).__name__}, expected a torch network; give a live ConvTasNet")
    for name in ("_orig_mod", "module", "model"):
        inner = getattr(module, name, None)
        if isinstance(inner, nn.Module):
            return _unwrapped(inner)
    return module
