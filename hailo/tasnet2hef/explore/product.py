"""What a step makes, and the store that keeps it under the digest of all that it was made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.part_files import scratch_folder
from tasnet2hef.base.records import RecordError, read_json, record_of

RECORD: Final = "record.json"
FILES: Final = "files"
UNFINISHED: Final = ".unfinished"
"""Where products are written before they are moved to their places."""


@dataclass(frozen=True, eq=False)
class Product:
    """A step's result: plain values, and files; ``refused`` is why there are none.

    Files are bytes by name, or lie in ``folder``, which every process that gets the product can read.
    """

    record: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    refused: str = ""
    folder: str = ""

    def place(self, scratch: Path) -> Path:
        """Return the folder of its files, written into ``scratch`` where they are not on the disk yet."""
        if self.folder:
            return Path(self.folder)
        for name, content in self.files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return scratch

    def loaded(self) -> Product:
        """Return the same product with its files as bytes, for another machine."""
        if not self.folder:
            return self
        folder = Path(self.folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return Product(self.record, files, self.refused)


@dataclass(frozen=True)
class _Record:
    values: dict[str, Any]
    digests: dict[str, str]
    refused: str
    check: str
    """A digest of all the others: values are read as they were written, or not at all."""

    @property
    def is_whole(self) -> bool:
        return self.check == _check(self.values, self.digests, self.refused)


def _check(*parts: Any) -> str:
    return digest_of_bytes(json.dumps(parts, sort_keys=True).encode())


class Store:
    """Products by key in a folder; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._whole: dict[str, Product] = {}

    def get(self, key: str) -> Product | None:
        """Return a product whose files are as they were written; None where there is none, or a damaged one.

        Files are looked at once only.
        """
        if key not in self._whole:
            place = self.folder / key
            try:
                record = record_of(_Record, read_json(place / RECORD))
                if not record.is_whole or any(
                    _digest(place / FILES / name) != digest for name, digest in record.digests.items()
                ):
                    return None
            except (OSError, RecordError):
                return None
            self._whole[key] = Product(record.values, {}, record.refused, str(place / FILES))
        return self._whole[key]

    def put(self, key: str, product: Product) -> Product:
        """Keep a product, whole or not at all; return it as the store holds it.

        Raises:
            OptionError: it can't be written.
        """
        digests = {name: digest_of_bytes(content) for name, content in product.files.items()}
        values = dict(product.record)
        record = {"values": values, "digests": digests, "refused": product.refused}
        record["check"] = _check(values, digests, product.refused)
        try:
            # Small folders: each writer reads all names in its own.
            unfinished = self.folder / UNFINISHED / key[-2:]
            unfinished.mkdir(parents=True, exist_ok=True)
            with scratch_folder(unfinished) as scratch:
                made = scratch / key
                _write(made / RECORD, json.dumps(record, indent=1, sort_keys=True).encode())
                (made / FILES).mkdir()
                for name, content in product.files.items():
                    _write(made / FILES / PurePosixPath(name), content)
                self._move(made, key)
        except OSError as error:
            raise OptionError(
                f"{self.folder}: can't be written ({error.strerror}); make room, or choose another place"
            ) from error
        self._whole[key] = Product(product.record, {}, product.refused, str(self.folder / key / FILES))
        return self._whole[key]

    def _move(self, made: Path, key: str) -> None:
        """Put a product in its place; what another process put there in the meantime is the same."""
        place = self.folder / key
        if place.exists() and self.get(key) is None:
            shutil.rmtree(place, ignore_errors=True)
            if not place.is_dir():
                place.unlink(missing_ok=True)
        try:
            made.rename(place)
        except OSError:
            if self.get(key) is None:
                raise


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _digest(path: Path) -> str:
    if not path.is_file():  # opening a pipe would wait for its writer
        raise FileNotFoundError(path)
    return digest_of_bytes(path.read_bytes())
