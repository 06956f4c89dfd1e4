"""A folder that holds one checkpoint: a downloaded repository, or an experiment of Asteroid's recipes."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.containers import safetensors_file, speechbrain_folder, torch_file
from tasnet2hef.model.checkpoint.other_files import refuse_location
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

# In order of preference: the Hugging Face name, its safetensors form, what Asteroid's recipes write.
PREFERRED_NAMES = ("pytorch_model.bin", "model.safetensors", "best_model.pth")
_SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".tar", ".th", ".safetensors")


def claims(location: str) -> bool:
    """Return whether the location is a folder, and not one of several parts."""
    return Path(location).is_dir() and not speechbrain_folder.claims(location)


def read(location: str) -> RawCheckpoint:
    """Read the folder's checkpoint; refuse none, and several of which none has a known name."""
    chosen = str(_chosen(Path(location)))
    if safetensors_file.claims(chosen):
        return safetensors_file.read(chosen)
    if not torch_file.claims(chosen):
        refuse_location(Path(chosen))
    return torch_file.read(chosen)


def _chosen(folder: Path) -> Path:
    for name in PREFERRED_NAMES:
        if (folder / name).is_file():
            return folder / name
    candidates = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in _SUFFIXES)
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(path.name for path in candidates[:3]) or "none"
    raise CheckpointError(
        f"{folder}: found {len(candidates)} checkpoints ({names}), expected {' or '.join(PREFERRED_NAMES)}, or "
        "exactly one; name the file"
    )
