"""The local functions of a model: counted before they are inlined, refused where they call themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import onnx

from tasnet2hef.base.errors import GraphError

MOST_NODES: Final = 10_000
"""Nodes that a model may have after inlining: twelve times those of the largest net that is recorded here."""
MOST_LEVELS: Final = 64
"""Functions inside one another; PyTorch's exporter makes about as many as there are modules inside one another."""

_Key = tuple[str, str, str]


def inline_functions(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """Return the model with its local functions inlined; PyTorch's exporter may leave some.

    Raises:
        GraphError: they call themselves, or make a graph that is too large.
    """
    if not model.functions:
        return model
    _check_size(model, where)
    try:
        from onnx import inliner

        return inliner.inline_local_functions(model)
    except (ImportError, RuntimeError, ValueError, TypeError, onnx.checker.ValidationError) as error:
        raise GraphError(f"{where}: its local functions can't be inlined ({error})") from None


def _check_size(model: onnx.ModelProto, where: str) -> None:
    bodies = {_key(function): function for function in model.functions}
    if len(bodies) < len(model.functions):
        raise GraphError(f"{where}: two of its local functions have the same name; export again")
    sizes: dict[_Key, int] = {}

    def size_of(nodes: Iterable[onnx.NodeProto], level: int) -> int:
        return sum(
            1 if (key := _key(node)) not in bodies else size_of_function(key, level) for node in _all(nodes)
        )

    def size_of_function(key: _Key, level: int) -> int:
        if sizes.get(key) == 0:
            raise GraphError(f"{where}: its local function {key[1]} calls itself; export again")
        if level > MOST_LEVELS:
            raise GraphError(
                f"{where}: more than {MOST_LEVELS} of its local functions are inside one another; export without "
                "functions"
            )
        if key not in sizes:
            sizes[key] = 0  # in work
            sizes[key] = max(1, size_of(bodies[key].node, level + 1))
        return sizes[key]

    nodes = size_of(model.graph.node, 1)
    for key in bodies:  # those that nothing calls: the inliner reads them all
        size_of_function(key, 1)
    if nodes > MOST_NODES:
        raise GraphError(
            f"{where}: its local functions make {nodes:,} nodes of it, expected at most {MOST_NODES:,}; export "
            "without functions"
        )


def _key(called: onnx.NodeProto | onnx.FunctionProto) -> _Key:
    """Return what a call names: domain, name and overload (which onnx before 1.16 does not know)."""
    name = called.op_type if isinstance(called, onnx.NodeProto) else called.name
    domain = "" if called.domain == "ai.onnx" else called.domain
    return domain, name, getattr(called, "overload", "")


def _all(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Yield nodes and those of the graphs inside them."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for body in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _all(body.node)
