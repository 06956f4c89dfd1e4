"""Saves a network in the format of Asteroid's ``serialize()``, and reads it back."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import mark_archive
from tasnet2hef.base.spec import NOT_ASTEROID, TasNetSpec
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.checkpoint.stored import INPUT_LEVEL
from tasnet2hef.model.network.reference import ReferenceTasNet


def save_atomically(content: dict[str, Any], path: Path, made_by: str = "") -> None:
    """Write ``path`` atomically, with a mark: an interruption leaves the old file or the new one.

    The same content makes the same bytes: torch is not told the file's name, which it would write into it.
    """
    with written_beside(path) as part:
        with part.open("wb") as file:
            torch.save(content, file)
        mark_archive(part, made_by)


def serialize(net: ReferenceTasNet, input_level_dbfs: float | None = None) -> dict[str, Any]:
    """Return the dict that ``asteroid.models.ConvTasNet.from_pretrained`` reads, with plain values only.

    A net that Asteroid's class can't build (padded, with biases on the encoder, other norms at some places) keeps
    its spec instead. ``input_level_dbfs`` is the speech level that the constants of its norms were fitted to.
    """
    spec = net.spec.as_dict()
    level = {} if input_level_dbfs is None else {INPUT_LEVEL: input_level_dbfs}
    content: dict[str, Any] = {
        "state_dict": {name: tensor.detach().cpu().clone() for name, tensor in net.state_dict().items()},
        "infos": {"software_versions": {"torch_version": str(torch.__version__)}, **level},
    }
    own = [field for field in fields(TasNetSpec) if field.name in NOT_ASTEROID]
    if any(spec[field.name] != field.default for field in own):
        return {**content, "spec": spec}
    model_args = {name: value for name, value in spec.items() if name not in NOT_ASTEROID}
    model_args |= {"fb_name": "FreeFB", "in_chan": net.spec.n_filters}
    return {"model_name": "ConvTasNet", **content, "model_args": model_args}


def load_network(path: Path) -> ReferenceTasNet:
    """Read a network saved by ``serialize``, in evaluation mode; no code in the file is executed.

    Raises:
        CheckpointError: it is another file.
    """
    return load_checkpoint(path).reference()
