"""Finds the networks in a file: under any key, behind any prefix, averaged ones beside the raw."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from torch import Tensor, equal, from_numpy

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.text import first_few
from tasnet2hef.model.checkpoint.conf_files import is_of_training, metadata_beside
from tasnet2hef.model.checkpoint.plain_pickle import Inert
from tasnet2hef.model.checkpoint.stored import FoundWeights, Layout, Metadata, RawCheckpoint
from tasnet2hef.model.checkpoint.stored_values import ModuleOptions, walk

_WRAPPING_MODULES = frozenset({"module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module"})
_COUNTER = "num_batches_tracked"
_BUFFERS = (_COUNTER, "running_mean", "running_var", "torch_window")
_REBUILD = re.compile(r"torch\._utils\._rebuild_(.+)")
_MOST_SETS = 64
_MOST_OTHERS = 16
_KINDS = {"qtensor": "quantised", "sparse_tensor": "sparse", "meta_tensor_no_storage": "meta (no values)"}


@dataclass(frozen=True)
class WeightSet:
    """A network in a file."""

    name: str
    """How the user can name it: the keys that lead to it, and the prefix of its parameters."""
    layout: Layout
    found: FoundWeights


Mappings = Sequence[tuple[tuple[str, ...], Mapping[str, object]]]
"""Every mapping in a file, with the keys that lead to it."""


def find_weights(raw: RawCheckpoint, layouts: Sequence[Layout], wanted: object = None) -> WeightSet | None:
    """Return the network in a file, with its layout and all that is recorded around it; None if there is none.

    ``wanted`` names it where there are several, e.g. raw and averaged weights. Refuses several without a name.
    """
    mappings = list(walk(raw.content))
    beside, unread = metadata_beside(raw.path) if raw.path else ((), ())
    notes = (*_module_note(raw.content), *unread)
    sets: list[WeightSet] = []
    for path, mapping in mappings:
        named = plain_names(mapping)
        tensors = tensors_in(named)
        prefixes = _prefixes(tensors, layouts)
        if prefixes:
            metadata = (*_metadata(mappings, path), *raw.metadata, *beside)
            around = FoundWeights(raw.where, tensors, metadata, notes, unread=unread_tensors(named))
            sets += _sets_in(path, around, prefixes)
        if len(sets) > _MOST_SETS:
            raise CheckpointError(
                f"{raw.where}: found more than {_MOST_SETS} sets of weights, expected one network; save it alone"
            )
    sets = _with_statistics([*sets, *(each for found in sets for each in _averaged(found, mappings))])
    sets = _distinct(sets)
    return _chosen(raw.where, sets, wanted) if sets else None


def plain_names(state: Mapping[str, object]) -> dict[str, object]:
    """Strip what DataParallel, ``torch.compile`` and FSDP add to names, unless two would then be the same.

    >>> list(plain_names({"model._orig_mod.masker.x": 1}))
    ['model.masker.x']
    """
    plain = {
        ".".join(part for part in name.split(".") if part not in _WRAPPING_MODULES): value
        for name, value in state.items()
    }
    return plain if len(plain) == len(state) else dict(state)


def tensors_in(mapping: Mapping[str, object]) -> dict[str, Tensor]:
    """Return the tensors of a mapping, without counters that are no parameter (``n_averaged``)."""
    arrays = {name: from_numpy(value) for name, value in mapping.items() if isinstance(value, np.ndarray)}
    tensors = arrays | {name: value for name, value in mapping.items() if isinstance(value, Tensor)}
    return {
        name: tensor
        for name, tensor in tensors.items()
        if tensor.ndim or tensor.is_floating_point() or name.endswith(_COUNTER)
    }


def unread_tensors(mapping: Mapping[str, object]) -> dict[str, str]:
    """Return the kinds of tensors that are not plain numbers, by name."""
    paths = {name: value.path for name, value in mapping.items() if isinstance(value, Inert)}
    return {
        name: _KINDS.get(match[1], match[1]) for name, path in paths.items() if (match := _REBUILD.fullmatch(path))
    }


def _prefixes(names: Iterable[str], layouts: Sequence[Layout]) -> list[tuple[Layout, str]]:
    """Return the layouts that have their anchor among names, with what precedes it."""
    anchors = [(layout, re.compile(rf"(?P<prefix>(?:.*\.)?){layout.ANCHOR}")) for layout in layouts]
    return list(
        dict.fromkeys(
            (layout, match["prefix"])
            for layout, anchor in anchors
            for name in names
            if (match := anchor.fullmatch(name))
        )
    )


def _sets_in(
    path: tuple[str, ...], around: FoundWeights, prefixes: Sequence[tuple[Layout, str]]
) -> Iterator[WeightSet]:
    """Yield the networks among the tensors of one mapping."""
    for layout, prefix in prefixes[: _MOST_SETS + 1]:
        inner = tuple(other for _, other in prefixes if other.startswith(prefix) and other != prefix)
        own = {k: v for k, v in around.weights.items() if k.startswith(prefix) and not k.startswith(inner)}
        found = replace(
            around,
            weights={name.removeprefix(prefix): tensor for name, tensor in own.items()},
            notes=(*around.notes, *_left_out(around.weights, own, prefix.rstrip(".") or "it")),
            unread={k.removeprefix(prefix): v for k, v in around.unread.items() if k.startswith(prefix)},
        )
        if layout.claims(found):
            yield WeightSet(".".join(filter(None, [*path, prefix.rstrip(".")])) or "top", layout, found)


def _left_out(weights: Mapping[str, Tensor], own: Mapping[str, Tensor], place: str) -> list[str]:
    first = next((name for name in weights if name not in own), None)
    return [] if first is None else [f"left out {len(weights) - len(own)} weights beside {place}, first {first}"]


def _averaged(raw: WeightSet, mappings: Mappings) -> Iterator[WeightSet]:
    """Yield lists of tensors that fit the network's parameters one by one: torch_ema's ``shadow_params``."""
    weights = raw.found.weights
    parameters = [name for name in weights if not name.endswith(_BUFFERS)]
    trained = [
        [name for name in parameters if not name.startswith(frozen)]
        for frozen in ((), ("encoder.",), ("decoder.",), ("encoder.", "decoder."))
    ]
    for path, mapping in mappings:
        lists = {key: values for key, values in mapping.items() if isinstance(values, (list, tuple))}
        if len(mapping) > 1 and list(mapping) == [str(number) for number in range(len(mapping))]:
            lists[""] = list(mapping.values())
        for key, values in lists.items():
            averaged = next(filter(None, (_matched(weights, names, values) for names in trained)), None)
            if averaged is not None:
                name = ".".join(filter(None, [*path, key]))
                yield replace(raw, name=name, found=replace(raw.found, weights={**weights, **averaged}))
        undotted = {name.replace(".", ""): name for name in parameters}  # LitEma's names
        if undotted.keys() <= mapping.keys() and not set(parameters) <= mapping.keys():
            averaged = _matched(weights, parameters, [mapping[name] for name in undotted])
            if averaged is not None:
                yield replace(raw, name=".".join(path), found=replace(raw.found, weights={**weights, **averaged}))


def _matched(
    weights: Mapping[str, Tensor], names: Sequence[str], values: Sequence[object]
) -> dict[str, Tensor] | None:
    """Return values by name where their shapes are those of the names, in order, between a few others."""
    shapes = [weights[name].shape for name in names]
    for start in range(min(len(values) - len(names), _MOST_OTHERS) + 1):
        part = values[start : start + len(names)]
        if all(isinstance(each, Tensor) and each.shape == shape for each, shape in zip(part, shapes, strict=True)):
            return {name: each for name, each in zip(names, part, strict=True) if isinstance(each, Tensor)}
    return None


def _with_statistics(sets: Sequence[WeightSet]) -> list[WeightSet]:
    """Complete averages of parameters alone by the running statistics of the raw weights."""
    complete: list[WeightSet] = []
    for each in sets:
        own = each.found.weights
        buffers = next((lacking for other in sets if (lacking := _lacking_buffers(own, other.found.weights))), {})
        note = ("running statistics of the batch norms are those of the raw weights",) if buffers else ()
        found = replace(each.found, weights={**own, **buffers}, notes=(*each.found.notes, *note))
        complete.append(replace(each, found=found))
    return complete


def _lacking_buffers(own: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
    lacking = {name: tensor for name, tensor in other.items() if name not in own}
    is_same = own.keys() <= other.keys() and all(name.endswith(_BUFFERS) for name in lacking)
    return lacking if is_same and any(name.endswith("running_mean") for name in lacking) else {}


def _distinct(sets: Sequence[WeightSet]) -> list[WeightSet]:
    """Leave out weights that the file holds a second time."""
    distinct: list[WeightSet] = []
    for each in sets:
        if not any(_same(each.found.weights, other.found.weights) for other in distinct):
            distinct.append(each)
    return distinct


def _same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(_equal(first[name], second[name]) for name in first)


def _equal(one: Tensor, other: Tensor) -> bool:
    """Compare tensors; those that are larger than what is stored of them, which no network has, are not read."""
    if (one.shape, one.dtype, one.device) != (other.shape, other.dtype, other.device):
        return False
    if any(each.numel() * each.element_size() > each.untyped_storage().nbytes() for each in (one, other)):
        return False
    return (one.data_ptr(), one.stride()) == (other.data_ptr(), other.stride()) or equal(one, other)


def _chosen(where: str, sets: Sequence[WeightSet], wanted: object) -> WeightSet:
    sets = _with_own_names(sets)
    names = [each.name for each in sets]
    if wanted is not None:
        named = next((each for each in sets if each.name == str(wanted)), None)
        if named is None:
            raise CheckpointError(f"{where}: weights: found {wanted!r}, expected {' or '.join(names)}")
        return named
    if len(sets) > 1:
        flags = " or ".join(f"--set {shlex.quote(f'weights={name}')}" for name in names)
        raise CheckpointError(
            f"{where}: found {len(sets)} sets of weights with other values ({first_few(names, 4)}), for example "
            f"raw and averaged ones; give {flags}"
        )
    return sets[0]


def _with_own_names(sets: Sequence[WeightSet]) -> list[WeightSet]:
    """Number the sets that have one name: a key may have a dot in it."""
    names = [each.name for each in sets]
    numbers = [names[:index].count(name) for index, name in enumerate(names)]
    return [
        replace(each, name=f"{each.name}:{number + 1}") if number else each
        for each, number in zip(sets, numbers, strict=True)
    ]


def _metadata(mappings: Mappings, path: tuple[str, ...]) -> list[Metadata]:
    """Return the mappings of plain values in a file, those with the longest way in common with ``path`` first."""
    return [
        Metadata(
            f"its {'.'.join(each)}" if each else "the file",
            values,
            each[-1] if each else "",
            is_of_module=isinstance(values, ModuleOptions),
        )
        for each, values in sorted(mappings, key=lambda pair: -_common(pair[0], path))
        if not is_of_training(each)
        and any(not isinstance(value, (Tensor, Mapping, Inert)) for value in values.values())
    ]


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    same = (one == other for one, other in zip(first, second, strict=False))
    return len(list(takewhile(bool, same)))


def _module_note(content: object) -> tuple[str, ...]:
    if not isinstance(content, Inert):
        return ()
    return (f"a saved module of {content.path}: its weights are read as from a state_dict, its code is not run",)
