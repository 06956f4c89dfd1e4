"""Weights as trained nets have them: negative slopes, gains of both signs, statistics that are not the default."""

from __future__ import annotations

import torch
from torch import nn

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet

# What a trained net showed (PReLU -0.58 to 0.71, gain -0.33 to 4.4), rounded outwards.
_RANGES = {"slope": (-0.6, 0.7), "gain": (-0.4, 3.0), "variance": (0.05, 2.0), "shift": (-0.5, 0.5)}


def _kind(name: str, tensor: torch.Tensor) -> str | None:
    if tensor.numel() == 1:
        return "slope"
    if name.endswith("gamma") or (tensor.ndim == 1 and name.endswith("weight")):
        return "gain"
    if name.endswith("running_var"):
        return "variance"
    return "shift" if name.endswith(("beta", "bias", "running_mean")) else None


@torch.no_grad()
def randomise(module: nn.Module, seed: int, **ranges: tuple[float, float]) -> None:
    """Draw every slope, gain, bias and statistic of ``module``; convolution weights keep their initialisation."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        kind = _kind(name, tensor)
        if kind is not None and tensor.is_floating_point():
            tensor.uniform_(*{**_RANGES, **ranges}[kind], generator=generator)


def small_spec(**options: object) -> TasNetSpec:
    """Make the spec of a net that is quick to run."""
    small = {
        "n_src": 2,
        "n_filters": 16,
        "bn_chan": 8,
        "hid_chan": 12,
        "skip_chan": 6,
        "n_blocks": 3,
        "n_repeats": 2,
    }
    return TasNetSpec.from_options({**small, **options})


def random_reference(spec: TasNetSpec, seed: int = 0, **ranges: tuple[float, float]) -> ReferenceTasNet:
    """Make a reference net with random weights."""
    torch.manual_seed(seed)
    reference = ReferenceTasNet(spec).eval()
    randomise(reference, seed, **ranges)
    return reference
