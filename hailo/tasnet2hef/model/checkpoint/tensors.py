"""Checks tensors one by one (kind, completeness, numbers) and against the names and shapes of an architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet

_COUNTER = "num_batches_tracked"
_MOST_WEIGHTS: Final = 2**28


def clean(where: str, weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Copy to float32 on the CPU; refuse integers, non-finite values and storages too small for their shapes."""
    for key, tensor in weights.items():
        _require_usable(where, key, tensor)
    copies = {key: _copied(key, tensor) for key, tensor in weights.items()}
    for key, tensor in copies.items():
        _require_finite(where, key, tensor)
    return copies, _conversion_notes(weights)


def require_sizes(where: str, weights: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are larger than what is stored of them, before anything is made of their shapes."""
    for key, tensor in weights.items():
        if tensor.layout is torch.strided and not tensor.is_meta:
            _require_stored(where, key, tensor)
    total = sum(tensor.numel() for tensor in weights.values())
    if total > _MOST_WEIGHTS:
        raise CheckpointError(
            f"{where}: found {total:,} weights, many more than any Conv-TasNet has (at most {_MOST_WEIGHTS:,}); "
            "give its state dict alone"
        )


def expected_shapes(spec: TasNetSpec) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the spec's weights, in their order."""
    with torch.device("meta"):
        state = ReferenceTasNet(spec).state_dict()
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def require_fit(where: str, weights: Mapping[str, Tensor], spec: TasNetSpec) -> None:
    """Require exactly the names and shapes of the spec's network."""
    expected = expected_shapes(spec)
    _require_keys(where, weights, expected)
    for key, shape in expected.items():
        actual = tuple(weights[key].shape)
        if actual != shape:
            raise CheckpointError(
                f"{where}: {key}: found shape {list(actual)}, expected {list(shape)}; "
                "give the options that it was trained with, or the right file"
            )


def _require_keys(where: str, weights: Mapping[str, Tensor], expected: Mapping[str, object]) -> None:
    """Require exactly these names."""
    missing = [key for key in expected if key not in weights]
    if missing:
        raise CheckpointError(
            f"{where}: {len(missing)} of {len(expected)} weights are missing, first {missing[0]}; "
            "give the whole state dict of the network"
        )
    unexpected = [key for key in weights if key not in expected]
    if unexpected:
        raise CheckpointError(
            f"{where}: {len(unexpected)} weights belong to no Conv-TasNet of this shape, first "
            f"{unexpected[0][:80]} {list(weights[unexpected[0]].shape)}; expected the {len(expected)} of the "
            "original, so undo what was added to the network"
        )


def _require_usable(where: str, key: str, tensor: Tensor) -> None:
    if tensor.is_quantized or tensor.layout is not torch.strided or tensor.is_meta:
        raise CheckpointError(
            f"{where}: {key}: found a {_kind(tensor)} tensor, expected plain float weights; "
            "save the network before it is quantised or pruned"
        )
    if not tensor.is_floating_point() and not key.endswith(_COUNTER):
        raise CheckpointError(
            f"{where}: {key}: found {_kind(tensor)} values, expected float32; "
            f"{'save the network before it is quantised' if _is_short(tensor) else 'save the weights as floats'}"
        )


def _require_stored(where: str, key: str, tensor: Tensor) -> None:
    needed, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if stored < needed:
        raise CheckpointError(
            f"{where}: {key}: found {stored} bytes for shape {list(tensor.shape)}, expected {needed}; "
            "the file is damaged, or its tensors are expanded views: save contiguous copies"
        )


def _is_short(tensor: Tensor) -> bool:
    """Return whether a tensor's values may be quantised: integers of one byte."""
    return tensor.dtype in (torch.int8, torch.uint8)


def _kind(tensor: Tensor) -> str:
    layout = "" if tensor.layout is torch.strided else f"{tensor.layout} ".removeprefix("torch.")
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{layout}{dtype}" + (" (meta)" if tensor.is_meta else "")


def _copied(key: str, tensor: Tensor) -> Tensor:
    dtype = torch.int64 if key.endswith(_COUNTER) else torch.float32
    return tensor.detach().to(device="cpu", dtype=dtype, copy=True).contiguous()


def _require_finite(where: str, key: str, tensor: Tensor) -> None:
    bad = int((~torch.isfinite(tensor)).sum())
    if bad:
        raise CheckpointError(
            f"{where}: {key}: found {bad} of {tensor.numel()} values NaN or infinite in float32, expected finite "
            "weights; the training diverged or the file is damaged: take an earlier checkpoint"
        )


def _conversion_notes(weights: Mapping[str, Tensor]) -> tuple[str, ...]:
    others = [tensor.dtype for tensor in weights.values() if tensor.is_floating_point()]
    kinds = sorted({str(dtype).removeprefix("torch.") for dtype in others if dtype is not torch.float32})
    return tuple(
        f"{sum(str(dtype) == f'torch.{kind}' for dtype in others)} weights converted from {kind} to float32"
        for kind in kinds
    )
