from __future__ import annotations

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.graph.ordering import creation_order, discovery_order, lexicographic_order, number


def node(index: int, name: str, inputs: str, output: str) -> OnnxNode:
    return OnnxNode(index, name, "Op", tuple(inputs.split()), (output,))


# x feeds b and a; c needs both; a comes after b in the file
DIAMOND = [node(0, "b", "x", "tb"), node(1, "a", "x", "ta"), node(2, "c", "tb ta", "tc"), node(3, "d", "tb", "td")]


def test_nodes_are_made_breadth_first_after_what_they_read() -> None:
    assert [created.name for created in creation_order(DIAMOND)] == ["b", "a", "d", "c"]


def test_discovery_takes_consumers_by_name_and_needs_no_predecessors() -> None:
    rank = discovery_order(DIAMOND, ["x"])
    assert sorted(rank, key=rank.__getitem__) == [1, 0, 2, 3]


def test_ready_items_are_taken_by_name_as_text() -> None:
    names = [f"conv{i}" for i in range(8, 12)]
    assert lexicographic_order(names, lambda name: [], names) == [2, 3, 0, 1]


def test_an_item_waits_for_its_sources() -> None:
    sources = {"a": [1], "b": []}
    assert lexicographic_order(["a", "b"], lambda name: sources[name], ["a", "b"]) == [1, 0]


def test_numbers_count_per_prefix() -> None:
    assert number(["conv", "dw", "conv"], [2, 1, 0]) == ["conv2", "dw1", "conv1"]
