"""Saves a network in the format of Asteroid's ``serialize()``, and reads it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.layouts.asteroid_package import INPUT_LEVEL
from tasnet2hef.model.network.reference import ReferenceTasNet


def save_atomically(content: dict[str, Any], path: Path) -> None:
    """Write ``path`` atomically: an interruption leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    torch.save(content, temporary)
    os.replace(temporary, path)


def serialize(net: ReferenceTasNet, input_level_dbfs: float | None = None) -> dict[str, Any]:
    """Return the dict that ``asteroid.models.ConvTasNet.from_pretrained`` reads, with plain values only.

    ``input_level_dbfs`` is the speech level that the constants of its norms were fitted to.
    """
    model_args = net.spec.as_dict()
    del model_args["encoder_padding"]
    model_args |= {"fb_name": "FreeFB", "in_chan": net.spec.n_filters}
    level = {} if input_level_dbfs is None else {INPUT_LEVEL: input_level_dbfs}
    return {
        "model_name": "ConvTasNet",
        "state_dict": {name: tensor.detach().cpu().clone() for name, tensor in net.state_dict().items()},
        "model_args": model_args,
        "infos": {"software_versions": {"torch_version": str(torch.__version__)}, **level},
    }


def load_network(path: Path) -> ReferenceTasNet:
    """Read a network saved by ``serialize``, in evaluation mode; no code in the file is executed."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, dict) or content.get("model_name") != "ConvTasNet":
        raise CheckpointError(f"{path}: found no model_name ConvTasNet, expected a file of Asteroid's serialize()")
    not_in_spec = ("in_chan", "fb_name")
    options = {name: value for name, value in content["model_args"].items() if name not in not_in_spec}
    net = ReferenceTasNet(TasNetSpec.from_options(options))
    net.load_state_dict(content["state_dict"])
    return net.eval()
