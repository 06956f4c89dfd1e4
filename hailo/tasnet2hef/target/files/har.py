"""Reads a HAR, the compiler's archive between its stages, without unpacking it.

Experimental: no HAR was available. Inferred: it is a tar archive, compressed or not, whose members are recognised
by the ends of their names: `.hn` (JSON, the layers as the recorded API's `get_hn_dict` returns them),
`metadata.json` (state, chip, version), `.npz` (parameters), `.alls` (the model script), `.hef`.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.records import RecordError, parse_json, require_object
from tasnet2hef.target.files.file_summary import FileSummary, Port, fused_layer, size_of

MOST_MEMBERS: Final = 1_000
MOST_JSON_BYTES: Final = 1 << 26
_UNPACKED_TIMES: Final = 20
"""A compressed HAR may unpack to this many times its size plus 2 MiB: parameters hardly compress."""
_LEAST_UNPACKED: Final = 2**21
_MOST_EXTENSION_BYTES: Final = 2**16
"""Of the headers that hold a long name: tarfile reads each at once, in a time that grows with its square."""
_EXTENSIONS: Final = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_GZIP: Final = b"\x1f\x8b"
_TAR_MARK: Final = slice(257, 262)
_PORTS: Final = {"input_layer": "inputs", "output_layer": "outputs"}
_GRADE: Final = "the members of a HAR are recognised by their names [inferred]"


def is_har(head: bytes) -> bool:
    """Return whether a file that starts with these 512 bytes is a tar archive, compressed or not."""
    return head.startswith(_GZIP) or head[_TAR_MARK] == b"ustar"


def read_har(path: str | Path) -> FileSummary:
    """Return the summary of a HAR; its parameters are not read. Shapes are NHWC, the batch None.

    Raises:
        InputError: not a tar archive, cut off, without layers, or larger than what is read.
    """
    file = Path(path)
    size = size_of(file)
    try:
        with file.open("rb") as handle:
            names, texts = _members(_unpacked(handle, size), file)
    except (tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"{file}: not a HAR, or cut short ({error}); save it again") from None
    except OSError as error:
        raise InputError(f"{file}: can't be read ({error.strerror or error}); save it again") from None
    return _summary(file, size, names, texts)


class _Bounded(io.RawIOBase):
    """A stream that returns a limited number of bytes, even if a damaged archive makes its reader request more."""

    def __init__(self, file: io.BufferedIOBase, most_bytes: int) -> None:
        super().__init__()
        self._file = file
        self._left_bytes = self._most_bytes = most_bytes

    def read(self, count: int = -1) -> bytes:
        block = self._file.read(self._left_bytes + 1 if count < 0 else min(count, self._left_bytes + 1))
        if len(block) > self._left_bytes:
            raise EOFError(f"it unpacks to more than {self._most_bytes:,} bytes")
        self._left_bytes -= len(block)
        return block


class _Member(tarfile.TarInfo):
    """A member whose extended header is short."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENSIONS and self.size > _MOST_EXTENSION_BYTES:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]  # documented, not in the stubs
        return member


def _unpacked(handle: io.BufferedReader, size: int) -> _Bounded:
    packed = handle.read(len(_GZIP)) == _GZIP
    handle.seek(0)
    if not packed:
        return _Bounded(handle, size)
    return _Bounded(gzip.GzipFile(fileobj=handle), _UNPACKED_TIMES * size + _LEAST_UNPACKED)


def _members(archive: _Bounded, file: Path) -> tuple[list[str], dict[str, bytes]]:
    """Return the names of all members, and the small ones that are read."""
    names: list[str] = []
    texts: dict[str, bytes] = {}
    with tarfile.open(fileobj=archive, mode="r|", tarinfo=_Member) as tar:
        for member in tar:
            names.append(member.name)
            if len(names) > MOST_MEMBERS:
                raise InputError(f"{file}: more than {MOST_MEMBERS:,} members, expected about ten; not a HAR")
            if not member.isreg() or not member.name.endswith((".hn", "metadata.json")):
                continue
            if member.size > MOST_JSON_BYTES:
                raise InputError(
                    f"{file}: its {member.name!r} has {member.size:,} bytes, expected at most {MOST_JSON_BYTES:,}"
                )
            content = tar.extractfile(member)
            texts[member.name] = b"" if content is None else content.read()
    return names, texts


def _summary(file: Path, size: int, names: list[str], texts: Mapping[str, bytes]) -> FileSummary:
    layers_file = min((name for name in texts if name.endswith(".hn")), key=_earliness, default=None)
    if layers_file is None:
        raise InputError(
            f"{file}: {len(names)} members and no layers (.hn) among them, expected a HAR; save it again"
        )
    hn = _json_object(file, layers_file, texts[layers_file])
    layers = hn.get("layers")
    if not isinstance(layers, dict) or not all(isinstance(layer, dict) for layer in layers.values()):
        raise InputError(f"{file}: its {layers_file!r} names no layers, expected an HN; save it again")
    metadata = _metadata(file, texts)
    ports: dict[str, list[Port]] = {"inputs": [], "outputs": []}
    for name, layer in layers.items():
        if str(layer.get("type")) in _PORTS:
            ports[_PORTS[layer["type"]]].append(_port(name, layer))
    return FileSummary(
        path=file,
        format="har",
        size_bytes=size,
        axes="batch, height, width, features",
        inputs=tuple(ports["inputs"]),
        outputs=tuple(ports["outputs"]),
        compiler_version=metadata.get("version"),
        hw_arch=metadata.get("hw_arch"),
        details={
            "name": hn["name"] if isinstance(hn.get("name"), str) else None,
            "state": metadata.get("state"),
            "members": names,
            "layers": dict(Counter(str(layer.get("type")) for layer in layers.values())),
            "fused_layers": [
                fused_layer(name, _names(layer)) for name, layer in layers.items() if len(_names(layer)) > 1
            ],
        },
        notes=(_GRADE,),
    )


def _earliness(name: str) -> tuple[bool, str]:
    """Return a key that sorts the layers of later stages first: the native ones are as parsed."""
    return "native" in PurePosixPath(name).name, name


def _json_object(file: Path, name: str, text: bytes) -> dict[str, Any]:
    try:
        return require_object(parse_json(text))
    except RecordError as error:
        raise InputError(f"{file}: its {name!r}: {error}; save it again") from None


def _metadata(file: Path, texts: Mapping[str, bytes]) -> dict[str, str]:
    """Return the state, chip and compiler version of a HAR, as far as its metadata contains them."""
    keys = {"state": "state", "hw_arch": "hw_arch", "sdk_version": "version", "version": "version"}
    metadata: dict[str, str] = {}
    for name in (name for name in texts if name.endswith("metadata.json")):
        for key, value in _json_object(file, name, texts[name]).items():
            if key in keys and isinstance(value, str):
                metadata.setdefault(keys[key], value)
    return metadata


def _port(name: str, layer: Mapping[str, Any]) -> Port:
    return Port(name=name, shape=_shape(layer), original_names=_names(layer))


def _shape(layer: Mapping[str, Any]) -> tuple[int | None, ...]:
    shapes = layer.get("output_shapes")
    first = shapes[0] if isinstance(shapes, list) and shapes else None
    sizes = first if isinstance(first, list) else []
    return tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)


def _names(layer: Mapping[str, Any]) -> tuple[str, ...]:
    names = layer.get("original_names")
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
