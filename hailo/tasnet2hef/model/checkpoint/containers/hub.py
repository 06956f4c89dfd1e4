"""Hugging Face ids, ``org/name`` or ``org/name@revision``, downloaded by the library huggingface_hub."""

from __future__ import annotations

import re
from pathlib import Path

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.containers import folder, torch_file
from tasnet2hef.model.checkpoint.stored import Metadata, RawCheckpoint

_ID = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w./-]+))?")
_RATE = re.compile(r"_(8|16|24|32|48)k(?![a-z0-9])", re.IGNORECASE)
_FILE_SUFFIXES = (
    ".pth",
    ".pt",
    ".ckpt",
    ".bin",
    ".tar",
    ".th",
    ".safetensors",
    ".onnx",
    ".har",
    ".hef",
    ".npz",
    ".yml",
)
# The file that Asteroid's own loader downloads (asteroid/utils/hub_utils.py, 0.7.0).
_FILE_NAME = folder.PREFERRED_NAMES[0]


def claims(location: str) -> bool:
    """Return whether this is an id: not if the path or a folder named by its first part exists here."""
    path = Path(location)
    is_path = path.exists() or path.parent.is_dir() or path.suffix.lower() in _FILE_SUFFIXES
    return _ID.fullmatch(location) is not None and not is_path


def read(location: str) -> RawCheckpoint:
    """Download (or take from the cache) ``pytorch_model.bin`` and read it."""
    match = _ID.fullmatch(location)
    assert match is not None
    path = _downloaded(location, match["repository"], match["revision"])
    if not torch_file.claims(path):
        raise CheckpointError(
            f"{location}: found a {_FILE_NAME} that torch.save did not write; give a different id"
        )
    raw = torch_file.read(path)
    rate = _RATE.search(repository := match["repository"])
    metadata = (Metadata(f"the name {repository}", {"sample_rate": 1000 * int(rate[1])}),) if rate else ()
    return RawCheckpoint(location, raw.content, raw.path, metadata)


def _downloaded(location: str, repository: str, revision: str | None) -> str:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise CheckpointError(
            f"{location}: found no such file, and a Hugging Face id needs the library huggingface_hub; check the "
            "path, or pip install huggingface-hub"
        ) from error
    try:
        return str(hf_hub_download(repo_id=repository, filename=_FILE_NAME, revision=revision))
    except Exception as error:  # the library's own classes: no network, repository, file or permission
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise CheckpointError(
            f"{location}: found no such file, and {_FILE_NAME} could not be downloaded from Hugging Face "
            f"({reason}); check the path or the id, or download it elsewhere and give the file"
        ) from error
