"""Files written by ``torch.save``: .pt, .pth, .ckpt, .bin, .tar; always read with ``weights_only``."""

from __future__ import annotations

import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import torch
from torch.torch_version import TorchVersion

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.other_files import refuse_zip
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"

# torch's messages (torch/_weights_only_unpickler.py): "Unsupported global: GLOBAL a.b.c was not an allowed
# global by default", "unsupported GLOBAL a.b whose module a is blocked", older: "Unsupported class a.b.c"
_REQUIRED_GLOBAL = re.compile(r"GLOBAL (\S+) (?:was not|whose)|Unsupported (?:class|global:?) (?:GLOBAL )?(\S+)")


def claims(location: str) -> bool:
    """Return whether the file is a zip archive or a pickle; ``read`` checks its content."""
    path = Path(location)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(4)
    return head == _ZIP or head[:1] == _PICKLE


def read(location: str) -> RawCheckpoint:
    """Read a ``torch.save`` file without running anything that is in it."""
    path = Path(location)
    if _is_zip(path):
        _require_torch_zip(path)
    content = _read(path)
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{location}: found a saved {type(content).__name__}, expected a mapping of names to weights; "
            "save the network's state_dict"
        )
    return RawCheckpoint(location, {str(key): value for key, value in content.items()}, path)


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # a damaged end of an archive
        return True


def _require_torch_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(
            f"{path}: found a damaged zip archive ({error}); copy or download it again"
        ) from error
    if not any(name.endswith("data.pkl") for name in names) or any("/code/" in f"/{name}" for name in names):
        refuse_zip(path, names)


def _read(path: Path) -> object:
    # TorchVersion: Asteroid's serialize() stores torch.__version__, which is a str with comparisons, no code.
    try:
        with torch.serialization.safe_globals([TorchVersion]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of pickles that it may fail to read
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        _refuse_pickle(path, error)
    except Exception as error:  # a damaged pickle can raise any exception
        raise CheckpointError(
            f"{path}: found a damaged or truncated file ({type(error).__name__}), expected one written by "
            "torch.save; copy or download it again"
        ) from error


def _refuse_pickle(path: Path, error: Exception) -> NoReturn:
    match = _REQUIRED_GLOBAL.search(str(error))
    wanted = (match.group(1) or match.group(2)).strip("'`\".,") if match else _first_global(path)
    if not wanted:
        raise CheckpointError(
            f"{path}: found a damaged pickle, or one not written by torch.save; "
            "expected weights, as torch.save(model.state_dict(), path) writes them"
        ) from error
    raise CheckpointError(
        f"{path}: found a pickle that needs the code of {wanted}, expected weights and plain values only, because "
        "no code from a file is run; save it again where it was made, with torch.save(model.serialize(), path) or "
        "torch.save(model.state_dict(), path)"
    ) from error


def _first_global(path: Path) -> str:
    """Name the first class or function that a bare pickle imports, without running it; empty if none is found."""
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(path.read_bytes()):
            if opcode.name == "GLOBAL":
                return str(argument).replace(" ", ".")
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:])
            if isinstance(argument, str):
                strings.append(argument)
    except (ValueError, IndexError, OverflowError):  # what pickletools raises on damaged bytes
        return ""
    return ""
