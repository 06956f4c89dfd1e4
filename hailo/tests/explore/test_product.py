"""Products in a store: whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.explore.product import UNFINISHED, Product, Store

KEY = "export-0123"
PRODUCT = Product({"db": 1.5}, {"net.onnx": b"graph", "pool/1.wav": b"audio"})


def test_what_is_put_is_got_by_another_store(tmp_path: Path) -> None:
    Store(tmp_path / "steps").put(KEY, PRODUCT)
    kept = Store(tmp_path / "steps").get(KEY)
    assert kept is not None
    assert kept.record == {"db": 1.5}
    assert kept.loaded().files == PRODUCT.files
    assert (kept.place(tmp_path) / "pool" / "1.wav").read_bytes() == b"audio"
    assert sorted(os.listdir(tmp_path / "steps")) == [UNFINISHED, KEY]
    assert not list((tmp_path / "steps" / UNFINISHED).rglob("*.part"))


def test_bytes_are_written_where_a_step_needs_files(tmp_path: Path) -> None:
    assert (PRODUCT.place(tmp_path / "0") / "pool" / "1.wav").read_bytes() == b"audio"


def test_a_refusal_is_kept(tmp_path: Path) -> None:
    Store(tmp_path).put(KEY, Product(refused="no form on the chip"))
    kept = Store(tmp_path).get(KEY)
    assert kept is not None
    assert kept.refused == "no form on the chip"


def damage_file(place: Path) -> None:
    (place / "files" / "net.onnx").write_bytes(b"other")


def damage_record(place: Path) -> None:
    (place / "record.json").write_text(json.dumps({"values": 3}))


def lose_value(place: Path) -> None:
    record = json.loads((place / "record.json").read_text())
    (place / "record.json").write_text(json.dumps({**record, "values": {}}))


def put_file_in_its_place(place: Path) -> None:
    shutil.rmtree(place)
    place.write_text("no folder")


def remove_file(place: Path) -> None:
    (place / "files" / "net.onnx").unlink()


def make_pipe(place: Path) -> None:
    remove_file(place)
    os.mkfifo(place / "files" / "net.onnx")


DAMAGES = [damage_file, damage_record, lose_value, put_file_in_its_place, remove_file, make_pipe]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_not_there_and_is_replaced(damage: object, tmp_path: Path) -> None:
    Store(tmp_path).put(KEY, PRODUCT)
    damage(tmp_path / KEY)  # type: ignore[operator]
    store = Store(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, PRODUCT)
    kept = Store(tmp_path).get(KEY)
    assert kept is not None
    assert kept.loaded().files == PRODUCT.files


def test_two_writers_of_one_key_do_no_harm(tmp_path: Path) -> None:
    one, other = Store(tmp_path), Store(tmp_path)
    one.put(KEY, PRODUCT)
    assert other.put(KEY, PRODUCT).loaded().files == PRODUCT.files


def test_a_store_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "steps").write_text("a file")
    with pytest.raises(OptionError, match="can't be written"):
        Store(tmp_path / "steps").put(KEY, PRODUCT)
