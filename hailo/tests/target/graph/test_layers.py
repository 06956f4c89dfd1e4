from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path

import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph


@pytest.fixture
def net(tall_block: Path) -> HailoNet:
    return OpenedGraph.read(tall_block).net


def test_layers_are_immutable(net: HailoNet) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        net["conv1"].name = "other"
    net["conv1"].params["groups"] = 7
    assert net["conv1"].groups == 1


def test_nets_copy_and_pickle(net: HailoNet) -> None:
    assert copy.deepcopy(net) == net == pickle.loads(pickle.dumps(net))


def test_unknown_layer_is_one_line(net: HailoNet) -> None:
    with pytest.raises(GraphError, match="no layer 'conv9' among 10"):
        net["conv9"]


def test_inputs_and_outputs(net: HailoNet) -> None:
    assert [layer.original_names for layer in net.inputs] == [("x",), ("s",)]
    assert [layer.original_names for layer in net.outputs] == [("y",), ("t",)]
    assert "dw1" in net
    assert net.unsupported == ()
