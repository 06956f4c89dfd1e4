"""Refuses files that are not checkpoints and reports what they are, by their first bytes or a zip's contents."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.files import NOT_DOWNLOADED

_EXPECTED = "expected a checkpoint written by torch.save"

# First bytes, what they are, what to do. HEF: the header of HailoRT's file format; the others: their formats' own.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x01HEF", "a HEF, compiled for a Hailo device", "give the checkpoint it was made from"),
    *NOT_DOWNLOADED,
    (b"\x89HDF", "an HDF5 file, as Keras writes", "give a PyTorch checkpoint"),
    (b"\x93NUMPY", "a NumPy array", "give a PyTorch checkpoint"),
    (b"GGUF", "a GGUF file", "give a PyTorch checkpoint"),
    (b"RIFF", "a WAV file", "give the network, not audio"),
    (b"fLaC", "a FLAC file", "give the network, not audio"),
    (b"\x1f\x8b", "a gzip archive, perhaps a HAR", "unpack it and give the checkpoint in it"),
    (b"BZh", "a bzip2 archive", "unpack it and give the checkpoint in it"),
    (b"\xfd7zXZ", "an xz archive", "unpack it and give the checkpoint in it"),
)
_BY_SUFFIX = {
    ".onnx": (
        "an ONNX file without the weights' names of Asteroid's ConvTasNet",
        "give the PyTorch checkpoint it was exported from; a graph itself goes into the patch step",
    ),
    ".har": ("a HAR of the Hailo compiler", "give the checkpoint it was made from"),
    ".hef": ("a HEF, compiled for a Hailo device", "give the checkpoint it was made from"),
    ".tflite": ("a TensorFlow Lite file", "give a PyTorch checkpoint"),
}
_TAR_MARK, _TAR_MARK_AT, _HEAD = b"ustar", 257, 1024
_ONNX_START = (b"\x08", (b"pytorch", b"onnx", b"tf2onnx", b"skl2onnx", b"tasnet2hef"))


def refuse_location(path: Path) -> NoReturn:
    """Refuse a location that no container claims."""
    if not path.exists():
        raise CheckpointError(
            f"{path}: found nothing there, expected a checkpoint file, a folder with one, or a Hugging Face id "
            "org/name; check the path (download a URL first)"
        )
    if not path.is_file():
        raise CheckpointError(f"{path}: found neither a file nor a folder, {_EXPECTED}")
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    kind, advice = _kind(path, head)
    raise CheckpointError(f"{path}: found {kind}, {_EXPECTED}; {advice}")


def refuse_zip(path: Path, names: list[str]) -> NoReturn:
    """Refuse a zip archive that is not a saved state."""
    if any(name.endswith("data.pkl") for name in names):
        kind, advice = "a TorchScript archive, which holds code", "save the original network's state_dict instead"
    elif any(name.endswith(".npy") for name in names):
        kind, advice = "a NumPy archive", "give a PyTorch checkpoint"
    elif any(name.endswith((".hn", ".hn.json")) for name in names):
        kind, advice = "a HAR of the Hailo compiler", "give the checkpoint it was made from"
    else:
        inside = f"{len(names)} files, first {names[0]}" if names else "nothing in it"
        kind, advice = f"a zip archive without a pickle ({inside})", "unpack it and give the checkpoint in it"
    raise CheckpointError(f"{path}: found {kind}, {_EXPECTED}; {advice}")


def is_onnx(path: Path) -> bool:
    """Return whether a file begins like an ONNX graph, or is called one."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    return bool(head) and not head.startswith(tuple(each[0] for each in _SIGNATURES)) and _is_onnx(path, head)


def _is_onnx(path: Path, head: bytes) -> bool:
    first, producers = _ONNX_START
    starts_so = head.startswith(first) and any(producer in head[:64] for producer in producers)
    return starts_so or path.suffix.lower() == ".onnx"


def _kind(path: Path, head: bytes) -> tuple[str, str]:
    if not head:
        return "an empty file", "copy or download it again"
    for signature, kind, advice in _SIGNATURES:
        if head.startswith(signature):
            return kind, advice
    if head[_TAR_MARK_AT:].startswith(_TAR_MARK):
        return "a tar archive", "unpack it and give the checkpoint in it"
    if _is_onnx(path, head):
        return _BY_SUFFIX[".onnx"]
    if path.suffix.lower() in _BY_SUFFIX:
        return _BY_SUFFIX[path.suffix.lower()]
    if _is_text(head):
        return "a text file", "give the weights; options belong in a conf.yml beside them"
    return f"unknown bytes ({head[:8].hex(' ')})", "copy or download it again"


def _is_text(head: bytes) -> bool:
    try:
        words = head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in words)
