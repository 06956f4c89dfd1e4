"""Walks through the values of a file: mappings by the names that lead to them, and pickled networks.

What refers to itself, or to the same value any number of times, is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tasnet2hef.model.checkpoint.plain_pickle import MODULE_PARTS, Inert, name_of

_MOST_VALUES: Final = 200_000


def walk(
    value: Any, most: int = _MOST_VALUES, deepest: int = 32
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield every mapping in a value with the names that lead to it, the outer ones first; objects count as such.

    Each is visited once, at most ``most`` values are, and none below ``deepest`` names: a pickle may refer to the
    same value any number of times, or nest without end.
    """
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    seen: set[int] = set()
    for path, each in waiting:
        if id(each) in seen or len(seen) > most or len(path) > deepest:
            continue
        seen.add(id(each))
        if isinstance(each, Inert):
            if each.is_module:
                yield from (((*path, *names), options) for names, options in module_options(each))
            each = module_content(each) if each.is_module else each.attributes()
        if isinstance(each, Mapping):
            named = {name_of(key): inner for key, inner in each.items()}
            yield path, named
            waiting += [((*path, name), inner) for name, inner in named.items() if _holds_values(inner)]
        elif isinstance(each, Sequence) and len(each) <= 16:
            waiting += [((*path, str(number)), inner) for number, inner in enumerate(each) if _holds_values(inner)]


def _holds_values(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple, Inert))


class ModuleOptions(dict[str, Any]):
    """Plain attributes of a pickled module; what it computes may have been changed since they were set."""


def module_options(
    module: Inert, deepest: int = 8, most: int = 200
) -> Iterator[tuple[tuple[str, ...], ModuleOptions]]:
    """Yield the plain attributes of a pickled network and of the modules in it: sizes, strides, words."""
    waiting: list[tuple[tuple[str, ...], Inert]] = [((), module)]
    for names, each in waiting:
        attributes = each.attributes()
        plain = {name: value for name, value in attributes.items() if isinstance(value, (str, int, float))}
        yield names, ModuleOptions((name, value) for name, value in plain.items() if name != "training")
        modules = attributes.get(MODULE_PARTS[2])
        if len(names) < deepest and isinstance(modules, Mapping):
            inner = (
                (name_of(name), one) for name, one in modules.items() if isinstance(one, Inert) and one.is_module
            )
            waiting += [((*names, name), one) for name, one in inner][: most - len(waiting)]


def module_content(module: Inert, deepest: int = 32, most: int = 20_000) -> dict[str, Any]:
    """Return the parameters and buffers of a pickled network by their names in its state dict.

    A module may be in several places; what lies below ``deepest`` names or behind ``most`` modules is left out.
    """
    content: dict[str, Any] = {}
    waiting: list[tuple[str, Inert, int]] = [("", module, 0)]
    for prefix, each, depth in waiting:
        if len(content) > _MOST_VALUES:
            break
        parameters, buffers, modules = (each.attributes().get(part) for part in MODULE_PARTS)
        for values in (parameters, buffers):
            if isinstance(values, Mapping):
                content |= {f"{prefix}{k}": v for k, v in values.items() if v is not None}
        if depth < deepest and len(waiting) < most and isinstance(modules, Mapping):
            waiting += [
                (f"{prefix}{name}.", inner, depth + 1)
                for name, inner in modules.items()
                if isinstance(inner, Inert) and inner.is_module
            ]
    return content
