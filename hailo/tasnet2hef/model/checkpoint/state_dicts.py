"""Finds a state dict in a checkpoint: opens wrappers and strips the prefixes of wrapping modules."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
_WRAPPING_MODULES = frozenset({"module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module"})
_OUTER_NAME = "model."
_MAX_DEPTH = 3  # a pickle may contain a mapping that contains itself


def unwrap(content: Mapping[str, object], depth: int = _MAX_DEPTH) -> Mapping[str, object]:
    """Return the innermost mapping that a known wrapper key leads to; the mapping itself if none does."""
    for name in _WRAPPERS:
        inner = content.get(name)
        if depth and isinstance(inner, Mapping):
            return unwrap({str(key): value for key, value in inner.items()}, depth - 1)
    return content


def plain_keys(state: Mapping[str, object]) -> dict[str, object]:
    """Strip the prefixes that DataParallel, ``torch.compile``, FSDP and Lightning add to parameter names.

    >>> list(plain_keys({"model._orig_mod.masker.x": 1}))
    ['masker.x']
    """
    plain: dict[str, object] = {}
    for key, value in state.items():
        name = ".".join(part for part in str(key).split(".") if part not in _WRAPPING_MODULES)
        name = name.removeprefix(_OUTER_NAME)
        if name in plain:
            raise CheckpointError(f"{name}: found twice, as {key} and without a prefix; save one network alone")
        plain[name] = value
    return plain


def tensors_of(where: str, state: Mapping[str, object]) -> dict[str, Tensor]:
    """Return the mapping as tensors; refuse an entry that is not a tensor."""
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise CheckpointError(
                f"{where}: {key}: found a {type(value).__name__}, expected a tensor; save the state dict alone"
            )
    return {key: value for key, value in state.items() if isinstance(value, Tensor)}
