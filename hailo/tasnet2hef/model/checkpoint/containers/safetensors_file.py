"""Files of the safetensors library: tensors, and texts as metadata, which may hold the options as JSON."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.records import RecordError, parse_json
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

_SUFFIX = ".safetensors"


def claims(location: str) -> bool:
    """Return whether the file has the format's suffix, whatever it contains."""
    return Path(location).suffix.lower() == _SUFFIX and Path(location).is_file()


def read(location: str) -> RawCheckpoint:
    """Read the tensors; refuse if the library is not installed."""
    try:
        from safetensors import safe_open  # type: ignore[import-not-found, unused-ignore]  # optional
    except ImportError as error:
        raise CheckpointError(
            f"{location}: found a safetensors file, which needs the library safetensors; pip install safetensors, "
            "or save the weights with torch.save"
        ) from error
    try:
        with safe_open(location, framework="pt", device="cpu") as opened:
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  # no mapping
            metadata = {name: _value(text) for name, text in (opened.metadata() or {}).items()}
    except Exception as error:  # the library's errors, which depend on the damage
        raise CheckpointError(
            f"{location}: found a damaged or truncated safetensors file ({type(error).__name__}); "
            "copy or download it again"
        ) from error
    return RawCheckpoint(location, {**metadata, "state_dict": weights}, Path(location))


def _value(text: str) -> object:
    """Read a value of the metadata, which are texts: JSON, where it is."""
    try:
        value: object = parse_json(text)
    except RecordError:
        return text
    return value
