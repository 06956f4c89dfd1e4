"""Which normalisation a net has: batch norm shows in the weights, the layer norms only in the options."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError

_BATCH_NORM_NAMES = ("bN", "BN", "BatchNorm")
_CAUSAL_NAMES = ("cLN", "ChanLN", "cgLN", "CumLN")
_GAIN, _RUNNING_MEAN = "masker.bottleneck.0.gamma", "masker.bottleneck.0.running_mean"


def chosen_norm(
    where: str, weights: Mapping[str, Tensor], options: Mapping[str, object], *, as_said: bool
) -> tuple[object, tuple[str, ...]]:
    """Return the norm's name and what was assumed or converted.

    ``options`` hold what was said and what was measured (``causal``). ``as_said`` keeps a causal net's norm as it
    was said; else it becomes cLN where Asteroid's class would have built that.
    """
    said, causal = options.get("norm_type"), bool(options["causal"])
    _require_kind(where, weights, said)
    if _RUNNING_MEAN in weights:
        return "bN", ()
    if said is None:
        return _assumed(causal)
    if causal and said not in _CAUSAL_NAMES and not as_said:
        return "cLN", (f"norm_type: cLN instead of {said}, as Asteroid builds every causal net without cgLN",)
    return said, ()


def _require_kind(where: str, weights: Mapping[str, Tensor], said: object) -> None:
    if said in _BATCH_NORM_NAMES and _GAIN in weights:
        raise CheckpointError(
            f"{where}: norm_type: found {said} in the options and {_GAIN} in the weights, expected "
            f"{_RUNNING_MEAN}; give gLN, fgLN, cLN or cgLN"
        )


def _assumed(causal: bool) -> tuple[str, tuple[str, ...]]:
    norm = "cLN" if causal else "gLN"
    kind = "a causal net's default" if causal else "the default"
    return norm, (
        f"norm_type: assumed {norm} ({kind}); gLN, fgLN, cLN and cgLN have the same weights, set norm_type if "
        "it is another",
    )
