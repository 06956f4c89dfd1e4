"""A folder of SpeechBrain's: encoder, masknet and decoder in three files, here or in its last checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.text import first_few
from tasnet2hef.model.checkpoint.containers import torch_file
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

PARTS = ("encoder", "masknet", "decoder")
_PATTERNS = ("", "CKPT+*", "save", "save/CKPT+*")


def claims(location: str) -> bool:
    """Return whether there is a masknet in the folder, or in a checkpoint's folder inside it."""
    return Path(location).is_dir() and bool(_folders(Path(location)))


def read(location: str) -> RawCheckpoint:
    """Read the three files; refuse a missing one, and several checkpoints."""
    folders = _folders(Path(location))
    if len(folders) > 1:
        names = first_few([folder.name for folder in folders], 3)
        raise CheckpointError(
            f"{location}: found {len(folders)} checkpoints of SpeechBrain ({names}), expected one; give its folder"
        )
    missing = [f"{part}.ckpt" for part in PARTS if not (folders[0] / f"{part}.ckpt").is_file()]
    if missing:
        raise CheckpointError(
            f"{folders[0]}: found masknet.ckpt without {' and '.join(missing)}, expected all three; copy them"
        )
    content: dict[str, object] = {}
    for part in PARTS:
        values = torch_file.read(str(folders[0] / f"{part}.ckpt")).content
        content |= (
            {f"{part}.{name}": value for name, value in values.items()} if isinstance(values, Mapping) else {}
        )
    return RawCheckpoint(location, content, folders[0])


def _folders(folder: Path) -> list[Path]:
    found = [inner for pattern in _PATTERNS for inner in (sorted(folder.glob(pattern)) if pattern else [folder])]
    return [inner for inner in found if (inner / "masknet.ckpt").is_file()]
