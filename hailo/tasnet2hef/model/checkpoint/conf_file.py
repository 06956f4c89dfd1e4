"""Options beside a checkpoint: the ``conf.yml`` that Asteroid's recipes write into an experiment's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from tasnet2hef.base.errors import CheckpointError

NAME = "conf.yml"


def conf_beside(path: Path) -> Mapping[str, object]:
    """Read the ``conf.yml`` in the file's folder, or above it if that is the recipe's ``checkpoints``."""
    folders = [path.parent, path.parent.parent] if path.parent.name == "checkpoints" else [path.parent]
    for folder in folders:
        if (folder / NAME).is_file():
            return read_conf(folder / NAME)
    return {}


def read_conf(path: Path) -> Mapping[str, object]:
    """Read a recipe's options; refuse anything that is not a mapping of plain values."""
    try:
        conf = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path}: can't be read as YAML ({reason}); fix or remove it") from error
    if conf is None:
        return {}
    if not isinstance(conf, Mapping):
        raise CheckpointError(f"{path}: found a {type(conf).__name__}, expected a mapping; fix or remove it")
    return {str(key): value for key, value in conf.items()}
