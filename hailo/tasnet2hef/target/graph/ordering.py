"""The order and the numbers that the compiler gives its layers.

Nothing of this is documented; it is what reproduces all 1,179 names of the recorded parse (DFC 3.33.0):

1. constants that become layers are numbered first, walking the ONNX graph breadth-first from its inputs,
   each node's consumers taken by name;
2. all other layers are numbered per kind as they are made, walking breadth-first, a node only after all
   that it reads;
3. the layers are sorted: always the ready one whose name comes first *as text* (`conv10` before
   `conv9`); then they are numbered afresh, per kind, in that order;
4. they are listed after sorting once more by the new names.
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
    readers: dict[str, list[OnnxNode]] = {}
    for node in nodes:
        for tensor in dict.fromkeys(node.inputs):
            if tensor:
                readers.setdefault(tensor, []).append(node)
    return readers


def creation_order(nodes: Sequence[OnnxNode]) -> list[OnnxNode]:
    """Return the nodes breadth-first, each after everything it reads; nodes on a cycle are left out."""
    readers = consumers_of(nodes)
    made_by = {tensor: node.index for node in nodes for tensor in node.outputs if tensor}
    waiting = {node.index: len({made_by[name] for name in node.inputs if name in made_by}) for node in nodes}
    queue = deque(node for node in nodes if waiting[node.index] == 0)
    order = []
    while queue:
        node = queue.popleft()
        order.append(node)
        for reader in _readers(node, readers):
            waiting[reader.index] -= 1
            if waiting[reader.index] == 0:
                queue.append(reader)
    return order


def discovery_order(nodes: Sequence[OnnxNode], inputs: Iterable[str]) -> dict[int, int]:
    """Return the rank at which a plain breadth-first walk from `inputs` first meets each node, by index."""
    readers = consumers_of(nodes)
    queue: deque[OnnxNode] = deque()
    rank: dict[int, int] = {}

    def meet(found: Iterable[OnnxNode]) -> None:
        for node in sorted(found, key=lambda node: node.name):
            if node.index not in rank:
                rank[node.index] = len(rank)
                queue.append(node)

    for tensor in inputs:
        meet(readers.get(tensor, []))
    while queue:
        meet(_readers(queue.popleft(), readers))
    return rank


def _readers(node: OnnxNode, readers: Mapping[str, list[OnnxNode]]) -> Iterable[OnnxNode]:
    found = {reader.index: reader for tensor in node.outputs for reader in readers.get(tensor, [])}
    return found.values()


def lexicographic_order(
    items: Sequence[T], sources: Callable[[T], Iterable[int]], key: Sequence[str]
) -> list[int]:
    """Return the positions of `items`, always taking the ready one whose `key` is first as text."""
    readers: list[list[int]] = [[] for _ in items]
    waiting = [0] * len(items)
    for position, item in enumerate(items):
        for source in set(sources(item)):
            readers[source].append(position)
            waiting[position] += 1
    ready = [(key[position], position) for position in range(len(items)) if not waiting[position]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, position = heapq.heappop(ready)
        order.append(position)
        for reader in readers[position]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, (key[reader], reader))
    return order


def number(prefixes: Sequence[str], order: Iterable[int]) -> list[str]:
    """Return a name per position: its prefix and a count from 1 of that prefix along `order`."""
    counts: Counter[str] = Counter()
    names = [""] * len(prefixes)
    for position in order:
        counts[prefixes[position]] += 1
        names[position] = f"{prefixes[position]}{counts[prefixes[position]]}"
    return names
