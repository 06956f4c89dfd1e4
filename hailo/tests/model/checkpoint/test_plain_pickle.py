"""A pickle is read as plain data: what it names is never imported, and what it holds is kept."""

from __future__ import annotations

import argparse
import collections
import decimal
import io
import pathlib
import pickle
import sys
import types
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tasnet2hef.model.checkpoint.plain_pickle import Inert, PickleError, read_pickle
from tasnet2hef.model.checkpoint.stored_values import module_content, walk

VALUES: list[Any] = [
    None,
    True,
    3,
    -(2**70),
    2.5,
    "text",
    b"bytes",
    [1, [2, 3]],
    (1, (2,), (3, 4), (5, 6, 7), (8, 9, 10, 11)),
    {"a": {"b": [1]}, 3: 4, None: 5},
    collections.OrderedDict(a=1, b=[2]),
]


def _read(value: Any, protocol: int) -> Any:
    return read_pickle(io.BytesIO(pickle.dumps(value, protocol=protocol)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_are_kept(value: Any, protocol: int) -> None:
    assert _read(value, protocol) == value


@pytest.mark.parametrize("protocol", [2, 4])
def test_classes_that_only_hold_data_become_plain(protocol: int) -> None:
    assert _read(collections.defaultdict(list, a=[1]), protocol) == {"a": [1]}
    assert _read(pathlib.PurePosixPath("/exp/best.ckpt"), protocol) == "/exp/best.ckpt"
    assert _read(np.float64(14.7), protocol) == 14.7
    assert _read(np.int32(-3), protocol) == -3
    assert _read(np.float32(0.5), protocol) == 0.5
    assert _read({1, 2}, protocol) in ([1, 2], [2, 1])


@pytest.mark.parametrize("protocol", [2, 4])
def test_objects_are_inert_and_show_their_attributes(protocol: int) -> None:
    namespace = _read(argparse.Namespace(lr=0.1, net={"n_src": 2}), protocol)
    assert isinstance(namespace, Inert)
    assert namespace.path == "argparse.Namespace"
    assert namespace.attributes() == {"lr": 0.1, "net": {"n_src": 2}}
    number = _read(decimal.Decimal("1.5"), protocol)
    assert (number.path, number.arguments) == ("decimal.Decimal", ("1.5",))


def _module(name: str, **members: type) -> types.ModuleType:
    module = types.ModuleType(name)
    for key, value in members.items():
        value.__module__ = name
        setattr(module, key, value)
    return module


def test_a_class_that_is_not_installed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class AnyNode:
        def __init__(self, value: object) -> None:
            self._val = value

    class DictConfig:
        def __init__(self, content: dict[str, object]) -> None:
            self._content = {name: AnyNode(value) for name, value in content.items()}

    AnyNode.__qualname__, DictConfig.__qualname__ = "AnyNode", "DictConfig"
    monkeypatch.setitem(sys.modules, "omegaconf", _module("omegaconf", AnyNode=AnyNode, DictConfig=DictConfig))
    data = pickle.dumps({"hyper_parameters": DictConfig({"mask_act": "relu", "n_blocks": 3})})
    monkeypatch.delitem(sys.modules, "omegaconf")
    content = read_pickle(io.BytesIO(data))
    assert dict(walk(content))[("hyper_parameters",)] == {"mask_act": "relu", "n_blocks": 3}


def test_a_whole_network_shows_its_state_dict() -> None:
    net = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Sequential(nn.BatchNorm1d(2), nn.PReLU()))
    pickled = pickle.dumps(net)
    content = read_pickle(io.BytesIO(pickled), {"torch._utils._rebuild_parameter": lambda given: "a parameter"})
    assert isinstance(content, Inert)
    assert module_content(content).keys() == net.state_dict().keys()


@pytest.mark.parametrize(
    "damage", [b"", b"\x80\x02", b"\x80\x02}q", b"\x80\x02]q\x00K\x01s.", b"\x80\x02u.", b"(."]
)
def test_damage_is_one_error(damage: bytes) -> None:
    with pytest.raises(PickleError):
        read_pickle(io.BytesIO(damage))


def test_what_refers_to_itself_many_times_is_walked_once() -> None:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value, {"again": value}]
    assert len(list(walk({"bomb": value}))) < 200
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    assert len(list(walk(loop))) == 1


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", ["f4", ">f8", "i2", "?", "c8"])
def test_arrays_are_kept(kind: str, protocol: int) -> None:
    array = np.arange(6).reshape(2, 3).astype(kind)
    for each in (array, np.asfortranarray(array), array[0], array[:0]):
        read = _read({"array": each}, protocol)["array"]
        assert np.array_equal(read, each)
        assert read.dtype == each.dtype.newbyteorder("=")
    assert isinstance(_read(np.array([{}], dtype=object), protocol), Inert)


def test_deep_nesting_is_no_crash() -> None:
    deep = b"\x80\x02" + b"(" * 50_000 + b"t" * 50_000 + b"."
    assert list(walk(read_pickle(io.BytesIO(deep)))) == []
    as_key = b"\x80\x02}" + b"(" * 50_000 + b"t" * 50_000 + b"K\x01s."
    (key,) = read_pickle(io.BytesIO(as_key))
    assert isinstance(key, Inert)


def test_tensors_survive_a_pickle_made_by_hand(tmp_path: pathlib.Path) -> None:
    from tasnet2hef.model.checkpoint.containers import torch_file

    weights = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.ones(2, dtype=torch.float16)}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(weights, protocol=4))
    content = torch_file.read(str(tmp_path / "net.pkl")).content
    assert isinstance(content, dict)
    assert all(torch.equal(content[name], tensor) for name, tensor in weights.items())
