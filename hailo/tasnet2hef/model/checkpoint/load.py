"""Load a checkpoint: a location becomes plain values, then weights by name, then a checked Checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from torch import nn

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import containers, layouts
from tasnet2hef.model.checkpoint.checkpoint import Checkpoint
from tasnet2hef.model.checkpoint.options import WEIGHTS
from tasnet2hef.model.checkpoint.other_architectures import refuse_architecture
from tasnet2hef.model.checkpoint.other_files import refuse_location
from tasnet2hef.model.checkpoint.resolve import resolve
from tasnet2hef.model.checkpoint.stored import Container, Layout, LiveLayout, RawCheckpoint
from tasnet2hef.model.checkpoint.weight_sets import find_weights

_OPTION_SUFFIXES: Final = (".yaml", ".yml", ".json")


def load_checkpoint(
    path_or_id: str | os.PathLike[str], options: Mapping[str, object] | None = None, *, assume: bool = False
) -> Checkpoint:
    """Read a trained Conv-TasNet; nothing in the file is ever executed.

    ``path_or_id`` is a file, a folder, or a Hugging Face id ``org/name`` or ``org/name@revision``. ``options``
    have TasNetSpec's names (and Asteroid's ``who_is_pinv``, ``min_low_hz``, ``min_band_hz``, and ``weights``,
    which names one of several networks in the file); they add to and override those of the file, but must agree
    with the shapes of the weights. ``assume`` takes the default where a question is open.

    Raises:
        CheckpointError: it can't be read as a Conv-TasNet, or what decides the numbers is nowhere stored; one line
            with the reason and what to do.
    """
    return _checkpoint_from(_read(os.fspath(path_or_id)), options, assume=assume)


def files_of(location: str) -> tuple[Path, ...]:
    """Return what a checkpoint is read from: its file or folder, and the files of options beside a file."""
    path = Path(location)
    if not path.is_file():
        return (path,) if path.is_dir() else ()
    return (path, *(each for each in path.parent.iterdir() if each.suffix in _OPTION_SUFFIXES))


def from_module(
    module: nn.Module, options: Mapping[str, object] | None = None, *, assume: bool = False
) -> Checkpoint:
    """Take over a live network: Asteroid's ConvTasNet, torchaudio's, or a ReferenceTasNet; weights are copied.

    Wrappers (DataParallel, ``torch.compile``, a Lightning system's ``model``) are removed. Networks of the other
    layouts are read like their state dicts.
    """
    inner = _unwrapped(module)
    for layout in _layouts():
        if hasattr(layout, "claims_module") and cast(LiveLayout, layout).claims_module(inner):
            return _checkpoint_from(cast(LiveLayout, layout).from_live(inner), options, assume=assume)
    return _checkpoint_from(RawCheckpoint(type(inner).__name__, inner.state_dict()), options, assume=assume)


def _checkpoint_from(raw: RawCheckpoint, options: Mapping[str, object] | None, *, assume: bool) -> Checkpoint:
    settings = dict(options or {})
    chosen = find_weights(raw, _layouts(), settings.pop(WEIGHTS, None))
    if chosen is None:
        refuse_architecture(raw)
    return resolve(chosen.layout, chosen.found, settings, assume=assume)


def _read(location: str) -> RawCheckpoint:
    if not location.strip():
        raise CheckpointError("checkpoint: found no name, expected a file, a folder or a Hugging Face id")
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


def _unwrapped(module: nn.Module) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise CheckpointError(
            f"module: found a {type(module).__name__}, expected a torch network; give a live ConvTasNet"
        )
    for name in ("_orig_mod", "module", "model"):
        inner = getattr(module, name, None)
        if isinstance(inner, nn.Module):
            return _unwrapped(inner)
    return module
