"""Finds the patches in this folder, applies them in order of their ids, and checks the result.

A patch file defines ``PATCH``. A patched graph must compute what it did before; :func:`patch_file` checks this
with ONNX Runtime wherever the graph can run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.files import require_writable, written_beside
from tasnet2hef.base.graph_contract import METADATA_KEY, metadata_of
from tasnet2hef.base.marks import ONNX_KEY, Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.parity import ParityRow, require_parity
from tasnet2hef.base.supervise.apart import ApartError, run_apart
from tasnet2hef.target.graph.checks import check_parts
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.patch.run_both import compare_models

_MOST_SECONDS = 3
"""What ONNX's checker may take, besides a second a megabyte: it is C++ that may abort."""


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One repair."""

    patch_id: str
    why: str
    """What the compiler does without the patch."""
    evidence: Evidence
    """Where ``why`` is known from."""
    apply: Callable[[onnx.ModelProto], list[str]]
    """Change the model in place; return one line for each change, an empty list where there is nothing to do."""


@dataclass(frozen=True)
class AppliedPatch:
    """What one patch changed in a graph."""

    patch_id: str
    why: str
    evidence: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PatchReport:
    """The result of patching a file."""

    source: Path
    onnx_path: Path
    is_own_export: bool
    applied: tuple[AppliedPatch, ...]
    parity: ParityRow | None
    """Old against new graph on random input; None if they were not compared, see ``unchecked``."""
    unchecked: str
    """Why old and new were not compared; empty if they were."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "source": str(self.source),
            "onnx": str(self.onnx_path),
            "own_export": self.is_own_export,
            "applied": [asdict(patch) for patch in self.applied],
            "parity": None if self.parity is None else asdict(self.parity),
            "unchecked": self.unchecked,
        }


def all_patches() -> tuple[Patch, ...]:
    """Return every patch in this folder, in order of their ids."""
    package = importlib.import_module("tasnet2hef.target.patch")
    patches = [module.PATCH for module in modules_of(package) if hasattr(module, "PATCH")]
    return tuple(sorted(patches, key=lambda patch: patch.patch_id))


def apply_patches(model: onnx.ModelProto) -> tuple[AppliedPatch, ...]:
    """Apply every patch to ``model`` in place; return those that changed something."""
    applied = []
    for patch in all_patches():
        changes = patch.apply(model)
        if changes:
            applied.append(AppliedPatch(patch.patch_id, patch.why, str(patch.evidence), tuple(changes)))
    return tuple(applied)


def patch_file(source: Path, target: Path, *, force: bool = False) -> PatchReport:
    """Read an ONNX file, patch it, and write it to ``target``, which may be ``source``: in place.

    ``force`` replaces a file of another run, or of the user.

    Raises:
        GraphError: the file can't be read as ONNX, or is not valid after patching.
        OptionError: ``target`` can't be written, or would destroy something; see ``require_outputs``.
        ParityError: the patched graph computes something different; nothing is written.
    """
    require_writable(target)
    original = read_model(source)
    mark = None if target == source else _require_output(source, target, force=force)
    model = onnx.ModelProto()
    model.CopyFrom(original)
    try:
        applied = apply_patches(model)
    except GraphError as error:
        raise GraphError(f"{source}: {error}") from None
    parity, unchecked = None, "nothing changed"
    if applied:
        _check(model, source)
        original.ir_version = model.ir_version  # an older ONNX Runtime refuses a newer file, whatever it computes
        parity, unchecked = compare_models(original, model)
        if parity is not None:
            require_parity([parity], str(source))
    if mark is not None:
        set_mark(model, mark)
    if applied or mark is not None:
        with written_beside(target) as temporary:
            onnx.save(model, temporary)
    return PatchReport(
        source=source,
        onnx_path=target,
        is_own_export=METADATA_KEY in metadata_of(original),
        applied=applied,
        parity=parity,
        unchecked=unchecked,
    )


def _require_output(source: Path, target: Path, *, force: bool) -> Mark:
    """Check that a patched graph can be written; return its mark."""
    opened = OpenedGraph.read(source)
    mark = Mark.of("patch", opened.digest)
    require_outputs([Output(target, mark, source.stat().st_size)], opened.files, force=force)
    return mark


def set_mark(model: onnx.ModelProto, mark: Mark) -> None:
    """Put a mark into a graph's metadata, in place of an earlier one."""
    others = {key: value for key, value in metadata_of(model).items() if key != ONNX_KEY}
    onnx.helper.set_model_props(model, others | {ONNX_KEY: mark.text})


def read_model(path: Path) -> onnx.ModelProto:
    """Read an ONNX file.

    Raises:
        GraphError: the file is missing or is no ONNX graph, or one of its parts is damaged.
    """
    model = OpenedGraph.read(path).with_weights()
    if not model.graph.node:
        raise GraphError(f"{path}: holds no ONNX graph (no nodes); give the path of an ONNX file")
    check_parts(model, str(path))
    return model


def _check(model: onnx.ModelProto, source: Path) -> None:
    try:
        defect = run_apart(lambda: _defect(model), _MOST_SECONDS + model.ByteSize() // 2**20)
    except ApartError as error:
        defect = f"ONNX's checker {error}"
    if defect:
        raise GraphError(f"{source}: no valid ONNX after patching ({defect}); was it valid before?")


def _defect(model: onnx.ModelProto) -> str:
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        return str(error).splitlines()[0]
    return ""
