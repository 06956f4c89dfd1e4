"""Finds the converter of each ONNX operator: any function in this folder marked with `converts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.target.graph import converters
from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.onnx_node import OnnxNode

Converter = Callable[[OnnxNode, Builder], None]
_MARK = "converted_operators"


def converts(*operators: str) -> Callable[[Converter], Converter]:
    """Mark a function as the converter of these ONNX operators; it raises Unsupported to refuse a node."""

    def mark(function: Converter) -> Converter:
        setattr(function, _MARK, operators)
        return function

    return mark


@lru_cache(maxsize=1)
def discover() -> Mapping[str, Converter]:
    """Return the converter of every supported ONNX operator, by operator type."""
    by_operator: dict[str, Converter] = {}
    for module in modules_of(converters):
        for operator, function in _marked(module):
            if by_operator.setdefault(operator, function) is not function:
                raise RuntimeError(f"{operator} has two converters: {by_operator[operator]} and {function}")
    return by_operator


def _marked(module: ModuleType) -> list[tuple[str, Converter]]:
    return [
        (operator, member)
        for member in vars(module).values()
        if callable(member) and getattr(member, "__module__", "") == module.__name__
        for operator in getattr(member, _MARK, ())
    ]
