"""The filterbank families: which one a file has, and its filters from its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError

FREE = "free"
_FREE_NAMES = (FREE, "FreeFB")
_HOOKS = ("pre_analysis", "post_analysis", "pre_synthesis", "post_synthesis")
_COMPUTED = ("analytic_free", "param_sinc")  # families whose filters are computed from stored parameters
_SINC_OPTIONS = ("min_low_hz", "min_band_hz")


@dataclass(frozen=True)
class Family:
    """A filterbank family with a file's own sizes."""

    name: str
    """Asteroid's short name."""
    parameters: frozenset[str]
    """Names of a bank's parameters in a state dict."""
    starts_random: bool = True
    """Filters start at random: encoder and decoder then differ unless they are one bank."""
    builder: Any = None
    """An instance of the library's class that computes filters; None: they are stored as they are."""

    def filters(self, where: str, bank: str, parameters: Mapping[str, Tensor]) -> Tensor:
        """Compute one bank's filters ``[filter, 1, sample]``; refuse parameters of other names or shapes."""
        if self.builder is None:
            return _stored_filters(where, bank, parameters)
        state = {name: parameters[name] for name in self.parameters if name in parameters}
        try:
            self.builder.load_state_dict(state)
        except RuntimeError as error:
            reason = " ".join(str(error).split(":", 1)[-1].split())
            raise CheckpointError(
                f"{where}: {bank}.filterbank: not the parameters of {self.name} filters ({reason}); "
                "give the fb_name that it was trained with"
            ) from error
        with torch.no_grad():
            filters: Tensor = self.builder.filters().detach().clone().contiguous()
        return filters

    def filter_size(self, option: str, size: int) -> int:
        """Return the size of this family's filters for a size in the options."""
        if option == "n_filters" and self.name == "stft":
            return size + 2  # real and imaginary parts of n/2 + 1 bins
        if option == "n_filters" and self.builder is not None:
            return size // 2 * 2  # pairs
        if option == "kernel_size" and self.name == "param_sinc":
            return size + 1 - size % 2  # symmetric about a middle tap
        return size


def family_of(
    where: str, parameters: Mapping[str, Tensor], options: Mapping[str, object], features: int
) -> Family:
    """Choose the family by ``fb_name``, else by the encoder's parameters; refuse more than a convolution."""
    name = options.get("fb_name") or _guess(where, parameters, features)
    if name in _FREE_NAMES:
        return Family(FREE, frozenset({"_filters"}))
    bank_class = _bank_class(where, str(name))
    short_name = _short_name(bank_class)
    if short_name not in _COMPUTED:
        return Family(short_name, frozenset({"_filters", "torch_window"}), starts_random=False)
    builder = _builder(where, short_name, bank_class, parameters, options)
    return Family(
        short_name, frozenset(builder.state_dict()), starts_random=short_name != "param_sinc", builder=builder
    )


def _guess(where: str, parameters: Mapping[str, Tensor], features: int) -> str:
    if "low_hz_" in parameters:
        return "param_sinc"
    if "mel_scale.fb_mat" in parameters:
        return "MelGramFB"
    if "torch_window" in parameters:
        raise CheckpointError(
            f"{where}: found STFT filters and no fb_name, expected one: the weights do not show which STFT it "
            "is; give fb_name=stft or fb_name=torch_stft"
        )
    stored = parameters.get("_filters")
    pairs = stored is not None and stored.ndim == 3 and 2 * stored.shape[0] == features
    return "analytic_free" if pairs else FREE


def _bank_class(where: str, name: str) -> Any:
    library = _library(where, name)
    bank_class = vars(library).get(name)
    if not (isinstance(bank_class, type) and issubclass(bank_class, library.Filterbank)):
        known = sorted(_aliases(library).values())
        raise CheckpointError(f"{where}: fb_name: found {name!r}, expected one of {', '.join(known)}")
    hooks = [hook for hook in _HOOKS if getattr(bank_class, hook) is not getattr(library.Filterbank, hook)]
    if hooks:
        raise CheckpointError(
            f"{where}: fb_name: found {name}, which is more than a convolution ({', '.join(hooks)}), expected "
            "filters alone, as in free, analytic_free, param_sinc and stft; train with one of these"
        )
    return bank_class


def _library(where: str, name: str) -> Any:
    try:
        import asteroid_filterbanks
    except ImportError as error:
        raise CheckpointError(
            f"{where}: fb_name: found {name}, whose filters are computed by the library asteroid-filterbanks, "
            "which is not installed; pip install asteroid-filterbanks"
        ) from error
    return asteroid_filterbanks


def _aliases(library: Any) -> dict[str, str]:
    classes = {name: value for name, value in vars(library).items() if isinstance(value, type)}
    return {value.__name__: name for name, value in reversed(classes.items()) if name.islower()}


def _short_name(bank_class: type) -> str:
    import asteroid_filterbanks

    return _aliases(asteroid_filterbanks).get(bank_class.__name__, bank_class.__name__)


def _builder(
    where: str, name: str, bank_class: Any, parameters: Mapping[str, Tensor], options: Mapping[str, object]
) -> Any:
    n_filters, kernel_size, sample_rate = _parameter_sizes(where, name, parameters)
    option = options.get("sample_rate")
    rate = float(option) if isinstance(option, int | float) and option > 0 else sample_rate
    limits = {key: options[key] for key in _SINC_OPTIONS if isinstance(options.get(key), int | float)}
    return bank_class(n_filters, kernel_size, stride=1, sample_rate=rate, **limits)


def _parameter_sizes(where: str, name: str, parameters: Mapping[str, Tensor]) -> tuple[int, int, float]:
    """Read filters, taps and rate in Hz off the parameters of a family whose filters are computed."""
    stored, low, times = (parameters.get(key) for key in ("_filters", "low_hz_", "n_"))
    if low is not None and times is not None and low.ndim == times.ndim == 2 and times.numel():
        # n_ = 2 pi * (-half ... -1) / rate
        return 2 * low.shape[0], 2 * times.shape[1] + 1, round(2 * math.pi / max(1e-9, abs(float(times[0, -1]))))
    if low is None and stored is not None and stored.ndim == 3 and stored.numel():
        return 2 * stored.shape[0], stored.shape[2], 8000.0
    shapes = ", ".join(f"{key} {list(tensor.shape)}" for key, tensor in parameters.items())
    raise CheckpointError(
        f"{where}: encoder.filterbank: found {shapes}, expected the parameters of {name} filters; "
        "give the fb_name that it was trained with"
    )


def _stored_filters(where: str, bank: str, parameters: Mapping[str, Tensor]) -> Tensor:
    if "_filters" not in parameters:
        raise CheckpointError(
            f"{where}: {bank}.filterbank: found {', '.join(sorted(parameters))}, expected _filters; "
            "give the fb_name that it was trained with"
        )
    return parameters["_filters"]
