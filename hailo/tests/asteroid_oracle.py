"""The genuine Asteroid as an oracle for tests, made importable: the one place that works round its imports.

Asteroid 0.7.0 (its last release) can't be imported as it is: it imports ``requests`` without declaring it, and
its losses pull in scipy and, through torch_stoi, a torchaudio that must match torch. Its networks need none of
these. Install it with ``pip install --no-deps asteroid==0.7.0``, beside asteroid-filterbanks, numpy, packaging,
soundfile and torch; what else it imports on the way to ``ConvTasNet`` is stood in for by hollow modules while it
is imported, and no longer.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

# Imported on the way to the networks, used by none of them: downloads, and the version that serialize() notes.
_STOOD_IN_IF_ABSENT = ("requests", "huggingface_hub", "pytorch_lightning")
_STOOD_IN = ("asteroid.losses", "asteroid.losses.pit_wrapper")
_SLOPES = (-0.6, 0.7)  # the range seen in a trained net
_GAINS = (-0.3, 2.0)


def asteroid_installed() -> bool:
    """Say whether the oracle is there; tests skip when it is not."""
    return importlib.util.find_spec("asteroid") is not None


needs_asteroid = pytest.mark.skipif(
    not asteroid_installed(), reason="the oracle is missing: pip install --no-deps asteroid==0.7.0"
)


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Put hollow modules in the place of those that can't be had, and take them away again."""
    absent = [name for name in _STOOD_IN_IF_ABSENT if importlib.util.find_spec(name) is None]
    hollow = [name for name in (*absent, *_STOOD_IN) if name not in sys.modules]
    sys.modules.update({name: _hollow_module(name) for name in hollow})
    try:
        yield
    finally:
        for name in hollow:
            del sys.modules[name]


def _hollow_module(name: str) -> types.ModuleType:
    """Make a module in which every public name is an empty class."""

    def attribute(wanted: str) -> object:
        if wanted.startswith("__"):
            raise AttributeError(wanted)
        return type(wanted, (), {})

    module = types.ModuleType(name)
    module.__version__ = "0"  # type: ignore[attr-defined]
    module.__getattr__ = attribute  # type: ignore[method-assign]
    return module


def asteroid_models() -> Any:
    """Import ``asteroid.models``, with every network in it."""
    with _stand_ins(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations in Asteroid's own code
        return importlib.import_module("asteroid.models")


def asteroid_conv_tasnet(*, seed: int = 0, **options: object) -> nn.Module:
    """Build Asteroid's ConvTasNet in evaluation mode with random weights, norms' and slopes' included."""
    models = asteroid_models()
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # causal nets warn that their norm is changed
        torch.manual_seed(seed)
        net: nn.Module = models.ConvTasNet(**options)
        randomise(net)
    return net.eval()


def randomise(net: nn.Module) -> None:
    """Draw every weight that starts at a constant: slopes, gains, biases and running statistics."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.PReLU):
                module.weight.uniform_(*_SLOPES)
            elif hasattr(module, "running_mean"):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.2, 2)
        for name, parameter in net.named_parameters():
            part = name.rpartition(".")[2]
            if part == "gamma" or (part == "weight" and parameter.ndim == 1 and parameter.numel() > 1):
                parameter.uniform_(*_GAINS)
            elif part in ("beta", "bias"):
                parameter.normal_(0, 0.2)
            elif part in ("low_hz_", "band_hz_"):
                parameter.mul_(torch.empty_like(parameter).uniform_(0.5, 1.5))


def serialized(net: nn.Module) -> dict[str, Any]:
    """Return what Asteroid's own ``serialize()`` gives, its ``TorchVersion`` included."""
    with _stand_ins(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package: dict[str, Any] = net.serialize()  # type: ignore[operator]  # torch types it Module
    return package
