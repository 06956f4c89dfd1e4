"""The order and the numbers that the compiler gives its layers.

None of this is documented; these steps reproduce all 1,179 names of the recorded parse (DFC 3.33.0):

1. constants that become layers are numbered first, walking the ONNX graph breadth-first from its inputs,
   each node's consumers taken by name;
2. all other layers are numbered per kind as they are created, walking breadth-first, a node only after
   everything it reads;
3. the layers are sorted: always the ready one whose name comes first *as text* (`conv10` before
   `conv9`); then they are numbered again, per kind, in that order;
4. they are sorted once more by the new names, and listed in this order.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from tasnet2hef.target.graph.onnx_node import OnnxNode

T = TypeVar("T")


def consumers_of(nodes: Sequence[OnnxNode]) -> dict[str, list[OnnxNode]]:
    """Return, for each tensor, the nodes that read it, once each, in file order."""
    consumers: dict[str, list[OnnxNode]] = {}
    for node in nodes:
        for tensor in dict.fromkeys(node.inputs):
            if tensor:
                consumers.setdefault(tensor, []).append(node)
    return consumers


def creation_order(nodes: Sequence[OnnxNode]) -> list[OnnxNode]:
    """Return the nodes breadth-first, each after everything it reads; nodes on a cycle are left out."""
    consumers = consumers_of(nodes)
    writers = {tensor: node.index for node in nodes for tensor in node.outputs if tensor}
    waiting = {node.index: len({writers[name] for name in node.inputs if name in writers}) for node in nodes}
    queue = deque(node for node in nodes if waiting[node.index] == 0)
    order = []
    while queue:
        node = queue.popleft()
        order.append(node)
        for consumer in _consumers(node, consumers):
            waiting[consumer.index] -= 1
            if waiting[consumer.index] == 0:
                queue.append(consumer)
    return order


def discovery_order(nodes: Sequence[OnnxNode], inputs: Iterable[str]) -> dict[int, int]:
    """Return the rank at which a plain breadth-first walk from `inputs` first reaches each node, by index."""
    consumers = consumers_of(nodes)
    queue: deque[OnnxNode] = deque()
    rank: dict[int, int] = {}

    def discover(neighbours: Iterable[OnnxNode]) -> None:
        for node in sorted(neighbours, key=lambda node: node.name):
            if node.index not in rank:
                rank[node.index] = len(rank)
                queue.append(node)

    for tensor in inputs:
        discover(consumers.get(tensor, []))
    while queue:
        discover(_consumers(queue.popleft(), consumers))
    return rank


def _consumers(node: OnnxNode, consumers: Mapping[str, list[OnnxNode]]) -> Iterable[OnnxNode]:
    by_index = {consumer.index: consumer for tensor in node.outputs for consumer in consumers.get(tensor, [])}
    return by_index.values()


def lexicographic_order(
    items: Sequence[T], sources: Callable[[T], Iterable[int]], key: Sequence[str]
) -> list[int]:
    """Return the positions of `items`, always taking the ready one whose `key` is first as text."""
    consumers: list[list[int]] = [[] for _ in items]
    waiting = [0] * len(items)
    for position, item in enumerate(items):
        for source in set(sources(item)):
            consumers[source].append(position)
            waiting[position] += 1
    ready = [(key[position], position) for position in range(len(items)) if not waiting[position]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, position = heapq.heappop(ready)
        order.append(position)
        for consumer in consumers[position]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                heapq.heappush(ready, (key[consumer], consumer))
    return order


def number(prefixes: Sequence[str], order: Iterable[int]) -> list[str]:
    """Return a name per position: its prefix and a count from 1 of that prefix along `order`."""
    counts: Counter[str] = Counter()
    names = [""] * len(prefixes)
    for position in order:
        counts[prefixes[position]] += 1
        names[position] = f"{prefixes[position]}{counts[prefixes[position]]}"
    return names
