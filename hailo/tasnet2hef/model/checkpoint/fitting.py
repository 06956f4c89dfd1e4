"""Which files and sections around weights describe them: those whose sizes are the weights'.

A file beside the weights may be another network's, and a section of one another part's: a teacher's, a
recogniser's, a discriminator's. Their words for mask, norm and direction are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, NamedTuple, TypeGuard

from tasnet2hef.base.spec import ACTIVATIONS
from tasnet2hef.model.checkpoint.shapes import blocks_seen, sizes
from tasnet2hef.model.checkpoint.stored import UNREAD, FoundWeights, Layout, Metadata, NamedWeights

STACK: Final = ("n_blocks", "n_repeats")
_PLAIN_FILTERS: Final = (None, "free", "FreeFB")
_OF_DATA: Final = ("data", "dataset", "datasets")
_GAIN: Final = "masker.TCN.0.shared_block.2.gamma"
_ACTIVATION_OPTIONS: Final = ("mask_act", "encoder_activation")


class _Verdict(NamedTuple):
    entry: Metadata
    kind: Literal["fits", "says nothing", "misfits"]
    reason: str = ""


def named_by_fitting(layout: Layout, found: FoundWeights) -> NamedWeights:
    """Name the weights by what describes them.

    Of a file's sections those with the sizes of the weights count first, and those with other sizes do not; a file
    of which no section fits and one does not is left out as a whole, with a note.
    """
    named = layout.find(found)
    metadata: list[Metadata] = []
    notes: list[str] = []
    for group in _by_file(_verdicts(named)).values():
        ordered = sorted(group, key=lambda verdict: verdict.kind != "fits")
        wrong = [verdict for verdict in group if verdict.kind == "misfits"]
        fits = ordered[0].kind == "fits"
        if wrong and not fits and not wrong[0].entry.is_elsewhere:
            metadata += [verdict.entry for verdict in group]  # the file contradicts itself, which is refused later
            continue
        if fits or not wrong:
            metadata += [verdict.entry for verdict in ordered if verdict.kind != "misfits"]
        notes += [f"{UNREAD}, since it describes another network: {verdict.reason}" for verdict in wrong]
    read = [entry for entry, _ in named.recorded.read]
    if len(read) == len(metadata) and all(one is other for one, other in zip(read, metadata, strict=True)):
        return named
    others = [entry for entry in found.metadata if not any(entry is each for each in read)]
    return layout.find(replace(found, metadata=(*metadata, *others), notes=(*found.notes, *notes)))


def _by_file(verdicts: list[_Verdict]) -> dict[str, list[_Verdict]]:
    groups: dict[str, list[_Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.entry.place if verdict.entry.is_beside else "", []).append(verdict)
    return groups


def _verdicts(named: NamedWeights) -> list[_Verdict]:
    known = {**sizes(named.weights), **{name: named.fixed[name] for name in STACK if name in named.fixed}}
    families = [options["fb_name"] for _, options in named.recorded.read if "fb_name" in options]
    if any(family not in _PLAIN_FILTERS for family in families):  # other families compute their filters' sizes
        known = {name: size for name, size in known.items() if name not in ("n_filters", "kernel_size")}
    total = blocks_seen(named.weights)
    verdicts = [_verdict(entry, options, known, total) for entry, options in named.recorded.read]
    if _GAIN not in named.weights:
        return verdicts
    return [
        verdict._replace(kind="misfits", reason=f"a batch norm in {verdict.entry.place}, none in the weights")
        if verdict.entry.is_elsewhere and options.get("norm_type") == "bN"
        else verdict
        for verdict, (_, options) in zip(verdicts, named.recorded.read, strict=True)
    ]


def _verdict(entry: Metadata, options: Mapping[str, object], known: Mapping[str, object], total: int) -> _Verdict:
    counts = {name: int(value) for name, value in options.items() if _is_count(value)}
    if entry.section in _OF_DATA:
        counts.pop("n_src", None)  # of the recordings, which may be mixtures of mixtures
    place = f"{entry.place} ({entry.section})" if entry.is_beside and entry.section else entry.place
    if entry.is_package:
        return _Verdict(entry, "says nothing")
    for name, value in counts.items():
        if known.get(name, value) != value:
            return _Verdict(entry, "misfits", f"{name}={value} in {place}, {known[name]} in the weights")
    stack = {name: counts[name] for name in STACK if name in counts}
    blocks = math.prod(stack.values())
    if total and (total % blocks or (len(stack) == len(STACK) and blocks != total)):
        said = " and ".join(f"{name}={value}" for name, value in stack.items())
        return _Verdict(entry, "misfits", f"{said} in {place}, {total} TCN blocks in the weights")
    for name in _ACTIVATION_OPTIONS:
        if entry.is_beside and options.get(name) is not None and options[name] not in ACTIVATIONS:
            return _Verdict(entry, "misfits", f"{name} in {place} is no activation of a Conv-TasNet")
    stride, kernel = counts.get("stride", 0), known.get("kernel_size")
    if entry.is_beside and isinstance(kernel, int) and stride > kernel:
        return _Verdict(entry, "misfits", f"stride={stride} in {place}, a kernel of {kernel} in the weights")
    shows = counts.keys() & known.keys() - {"n_src"}
    return _Verdict(entry, "fits" if shows else "says nothing")


def _is_count(value: object) -> TypeGuard[int | float]:
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return is_whole and not isinstance(value, bool) and 0 < value < 2**31  # type: ignore[operator]
