"""Files of the safetensors library: tensors only, so the options come from beside the file or from the user."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

_SUFFIX = ".safetensors"


def claims(location: str) -> bool:
    """Return whether the file has the format's suffix, whatever it contains."""
    return Path(location).suffix.lower() == _SUFFIX and Path(location).is_file()


def read(location: str) -> RawCheckpoint:
    """Read the tensors; refuse if the library is not installed."""
    try:
        from safetensors.torch import load_file  # type: ignore[import-not-found, unused-ignore]  # optional
    except ImportError as error:
        raise CheckpointError(
            f"{location}: found a safetensors file, which needs the library safetensors; pip install safetensors, "
            "or save the weights with torch.save"
        ) from error
    try:
        weights = load_file(location, device="cpu")
    except Exception as error:  # the library's errors, which depend on the damage
        raise CheckpointError(
            f"{location}: found a damaged or truncated safetensors file ({type(error).__name__}); "
            "copy or download it again"
        ) from error
    return RawCheckpoint(location, dict(weights), Path(location))
