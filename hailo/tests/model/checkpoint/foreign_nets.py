"""Small Conv-TasNets of other projects: kaituoxu and its family, and ESPnet; ``foreign_nets_more`` has the rest.

Each has that project's names and shapes of weights and computes what that project's own class computes:
``test_foreign_nets.py`` holds them to recorded outputs of the genuine classes. They were written from a
description of the layouts, without a look at the reader that they test. A net takes ``[batch, sample]`` and gives
``[batch, source, sample]``; its options have the names that the project gives them, its sizes those of `Sizes`.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from tests.asteroid_oracle import randomise

NORMALISED_OVER = {"gLN": "clip", "cLN": "frame"}
_DEMUCS_CLASS = type("ConvTasNet", (), {"__module__": "demucs.tasnet"})
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "linear": torch.clone,
}


@dataclass(frozen=True)
class Sizes:
    """The sizes that every Conv-TasNet has; in the paper's letters N, L, B, H, P, X, R, C."""

    filters: int = 12
    kernel: int = 8
    bottleneck: int = 6
    hidden: int = 8
    taps: int = 3
    blocks: int = 3
    repeats: int = 2
    sources: int = 2

    @property
    def stride(self) -> int:
        return self.kernel // 2

    def letters(self) -> dict[str, int]:
        """Return the sizes by the paper's letters."""
        return {
            "N": self.filters,
            "L": self.kernel,
            "B": self.bottleneck,
            "H": self.hidden,
            "P": self.taps,
            "X": self.blocks,
            "R": self.repeats,
            "C": self.sources,
        }


class ForeignNet(nn.Module):
    """A net of another project."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__()
        self.sizes = Sizes(**sizes)

    def content(self) -> dict[str, Any]:
        """Return what that project's training script puts into its file; the weights alone unless said."""
        return self.state_dict()


Net = TypeVar("Net", bound=ForeignNet)


def drawn(kind: type[Net], seed: int, options: dict[str, Any]) -> Net:
    """Build a net in evaluation mode in which every weight is random, the same for the same seed."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        net = kind(**options)
        randomise(net)
        for module in net.modules():
            if isinstance(module, Norm):
                gain, shift = module.gain_and_shift()
                gain.uniform_(-0.3, 2)
                shift.normal_(0, 0.2)
            elif isinstance(scale := getattr(module, "scale", None), nn.Parameter):
                scale.uniform_(0.5, 1.5)
    return net.eval()


def saved(net: ForeignNet) -> dict[str, Any]:
    """Return the content of a checkpoint as the net's project writes it, to be given to ``torch.save``."""
    return net.content()


def untrained_optimizer(net: nn.Module) -> dict[str, Any]:
    """Return the state of an optimizer before its first step."""
    return torch.optim.Adam(net.parameters()).state_dict()


class Norm(nn.Module):
    """Normalise ``[batch, channel, frame]`` over the channels of a frame or over the whole clip."""

    def __init__(
        self,
        channels: int,
        *,
        over: str,
        eps: float,
        names: tuple[str, str] = ("gamma", "beta"),
        shape: tuple[int, ...] = (1, -1, 1),
    ) -> None:
        super().__init__()
        self.axes = {"frame": (1,), "clip": (1, 2)}[over]
        self.eps = eps
        self.names = names
        for name, values in zip(names, (torch.ones(channels), torch.zeros(channels)), strict=True):
            self.register_parameter(name, nn.Parameter(values.reshape(shape)))

    def gain_and_shift(self) -> tuple[nn.Parameter, nn.Parameter]:
        return self.get_parameter(self.names[0]), self.get_parameter(self.names[1])

    def forward(self, inputs: Tensor) -> Tensor:
        centred = inputs - inputs.mean(self.axes, keepdim=True)
        deviation = (centred.square().mean(self.axes, keepdim=True) + self.eps).sqrt()
        gain, shift = self.gain_and_shift()
        return centred / deviation * gain.reshape(-1, 1) + shift.reshape(-1, 1)


class CutEnd(nn.Module):
    """Leave out the last frames."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[..., : inputs.shape[-1] - self.frames]


class Residual(nn.Sequential):
    """A chain whose input is added to its output."""

    def forward(self, inputs: Tensor) -> Tensor:
        output: Tensor = super().forward(inputs)  # type: ignore[no-untyped-call]  # torch's own
        return inputs + output


def chain(**modules: nn.Module) -> nn.Sequential:
    """Chain modules under the given names."""
    return nn.Sequential(OrderedDict(modules))


def residual(**modules: nn.Module) -> Residual:
    """Chain modules under the given names, with the input added at the end."""
    return Residual(OrderedDict(modules))


def pointwise(inputs: int, outputs: int, *, bias: bool) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, 1, bias=bias)


def depthwise(sizes: Sizes, dilation: int, *, causal: bool, bias: bool) -> nn.Conv1d:
    """Make the depthwise convolution; a causal one gives more frames than it got, to be cut at the end."""
    reach = (sizes.taps - 1) * dilation
    padding = reach if causal else reach // 2
    channels = sizes.hidden
    return nn.Conv1d(
        channels, channels, sizes.taps, dilation=dilation, padding=padding, groups=channels, bias=bias
    )


def cut_if(causal: bool, sizes: Sizes, dilation: int) -> CutEnd:
    """Make what cuts the end behind a causal depthwise convolution, and nothing behind another."""
    return CutEnd((sizes.taps - 1) * dilation if causal else 0)


def stack(sizes: Sizes, block: Callable[[int], nn.Module]) -> nn.Sequential:
    """Chain the repeats, each a chain of blocks of dilation 1, 2, 4 and so on."""
    return nn.Sequential(
        *(nn.Sequential(*(block(2**x) for x in range(sizes.blocks))) for _ in range(sizes.repeats))
    )


def masked(features: Tensor, scores: Tensor, sources: int, activation: str, softmax_over: int = 1) -> Tensor:
    """Multiply the features by each source's mask; softmax's axis is one of ``[batch, source, filter, frame]``."""
    scores = scores.reshape(len(scores), sources, -1, scores.shape[-1])
    masks = scores.softmax(softmax_over) if activation == "softmax" else _ACTIVATIONS[activation](scores)
    return features[:, None] * masks


def decoded(decoder: nn.Module, features: Tensor) -> Tensor:
    """Decode each source with a transposed convolution: ``[batch, source, sample]``."""
    signal: Tensor = decoder(features.flatten(0, 1))
    return signal.reshape(*features.shape[:2], -1)


def overlap_added(frames: Tensor, stride: int) -> Tensor:
    """Add up frames ``[batch, source, frame, sample]`` that begin every ``stride`` samples."""
    count, kernel = frames.shape[-2:]
    length = (count - 1) * stride + kernel
    columns = frames.flatten(0, 1).transpose(1, 2)
    signal = functional.fold(columns, (1, length), (1, kernel), stride=(1, stride))
    return signal.reshape(*frames.shape[:2], length)


def to_length(signal: Tensor, samples: int) -> Tensor:
    """Cut the end, or pad it with zeros."""
    return functional.pad(signal, (0, samples - signal.shape[-1]))


def _norm_of_kaituoxu(kind: str, channels: int, eps: float) -> nn.Module:
    if kind in NORMALISED_OVER:
        return Norm(channels, over=NORMALISED_OVER[kind], eps=eps)
    return nn.GroupNorm(1, channels, eps=1e-8) if kind == "GN" else nn.BatchNorm1d(channels)


def _network_of_kaituoxu(
    sizes: Sizes, inputs: int, outputs: int, norm: str, eps: float, causal: bool, *before_mask: nn.Module
) -> nn.Sequential:
    """Make the separator that kaituoxu, ESPnet and Clarity share, numbered as they number it."""

    def block(dilation: int) -> nn.Module:
        inner = nn.Sequential(
            depthwise(sizes, dilation, causal=causal, bias=False),
            *([cut_if(causal, sizes, dilation)] if causal else []),
            nn.PReLU(),
            _norm_of_kaituoxu(norm, sizes.hidden, eps),
            pointwise(sizes.hidden, sizes.bottleneck, bias=False),
        )
        outer = nn.Sequential(
            pointwise(sizes.bottleneck, sizes.hidden, bias=False),
            nn.PReLU(),
            _norm_of_kaituoxu(norm, sizes.hidden, eps),
            chain(net=inner),
        )
        return residual(net=outer)

    return nn.Sequential(
        Norm(inputs, over="frame", eps=eps),
        pointwise(inputs, sizes.bottleneck, bias=False),
        stack(sizes, block),
        *before_mask,
        pointwise(sizes.bottleneck, outputs, bias=False),
    )


class Kaituoxu(ForeignNet):
    """kaituoxu/Conv-TasNet: the bottleneck's norm is always cLN, any norm but gLN and cLN is batch norm."""

    def __init__(
        self, *, norm_type: str = "gLN", causal: bool = False, mask_nonlinear: str = "relu", **sizes: int
    ) -> None:
        super().__init__(sizes)
        self.options = {"norm_type": norm_type, "causal": causal, "mask_nonlinear": mask_nonlinear}
        filters, kernel = self.sizes.filters, self.sizes.kernel
        self.encoder = chain(conv1d_U=nn.Conv1d(1, filters, kernel, self.sizes.stride, bias=False))
        outputs = self.sizes.sources * filters
        self.separator = chain(network=_network_of_kaituoxu(self.sizes, filters, outputs, norm_type, 1e-8, causal))
        self.decoder = chain(basis_signals=nn.Linear(filters, kernel, bias=False))

    def forward(self, samples: Tensor) -> Tensor:
        features = self.encoder(samples[:, None]).relu()
        scores = self.separator(features)
        features = masked(features, scores, self.sizes.sources, str(self.options["mask_nonlinear"]))
        signal = overlap_added(self.decoder(features.transpose(2, 3)), self.sizes.stride)
        return to_length(signal, samples.shape[-1])

    def content(self) -> dict[str, Any]:
        training = {"epoch": 3, "tr_loss": torch.zeros(3), "cv_loss": torch.zeros(3)}
        weights = {"state_dict": self.state_dict(), "optim_dict": untrained_optimizer(self)}
        return {**self.sizes.letters(), **self.options, **weights, **training}


class DemucsMono(Kaituoxu):
    """facebookresearch/demucs v2, ``ConvTasNet(audio_channels=1)``: kaituoxu's net in a file of its own kind."""

    def content(self) -> dict[str, Any]:
        """Return what ``demucs`` saves; only `save_demucs` can pickle it, as ``klass`` must seem importable."""
        letters = self.sizes.letters()
        return {
            "klass": _DEMUCS_CLASS,
            "args": ([f"source {number}" for number in range(letters.pop("C"))],),
            "kwargs": {**letters, **self.options, "audio_channels": 1},
            "state": self.state_dict(),
            "training_args": None,
        }


class ClarityMultiChannel(ForeignNet):
    """Clarity's multi-channel Conv-TasNet, by its weights' names only: it is there to be refused."""

    def __init__(self, *, spatial_filters: int = 4, microphones: int = 6, **sizes: int) -> None:
        super().__init__(sizes)
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        inputs, outputs = filters + spatial_filters, self.sizes.sources * filters
        self.spectral_encoder = chain(conv1d_U=nn.Conv1d(1, filters, kernel, stride, bias=False))
        self.spatial_encoder = chain(conv1d_U=nn.Conv1d(microphones, spatial_filters, kernel, stride, bias=False))
        self.separator = chain(network=_network_of_kaituoxu(self.sizes, inputs, outputs, "cLN", 1e-8, True))
        self.decoder = chain(basis_signals=nn.Linear(filters, kernel, bias=False))


class EspNet(ForeignNet):
    """ESPnet's convolutional encoder and decoder with its TCN separator; eps is float32's own, also for cLN."""

    def __init__(
        self,
        *,
        norm_type: str = "gLN",
        causal: bool = False,
        nonlinear: str = "relu",
        pre_mask_nonlinear: str = "prelu",
        predict_noise: bool = False,
        stride: int | None = None,
        **sizes: int,
    ) -> None:
        super().__init__(sizes)
        self.nonlinear = nonlinear
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, stride or self.sizes.stride
        self.masks = self.sizes.sources + predict_noise
        modules: dict[str, list[nn.Module]] = {
            "linear": [],
            "prelu": [nn.PReLU()],
            "relu": [nn.ReLU()],
            "tanh": [nn.Tanh()],
            "sigmoid": [nn.Sigmoid()],
        }
        network = _network_of_kaituoxu(
            self.sizes,
            filters,
            self.masks * filters,
            norm_type,
            torch.finfo(torch.float32).eps,
            causal,
            *modules[pre_mask_nonlinear],
        )
        self.encoder = chain(conv1d=nn.Conv1d(1, filters, kernel, stride, bias=False))
        self.separator = chain(tcn=chain(network=network))
        self.decoder = chain(convtrans1d=nn.ConvTranspose1d(filters, 1, kernel, stride, bias=False))

    def forward(self, samples: Tensor) -> Tensor:
        features = self.encoder(samples[:, None]).relu()
        features = masked(features, self.separator(features), self.masks, self.nonlinear)
        signal = decoded(self.decoder, features[:, : self.sizes.sources])
        return to_length(signal, samples.shape[-1])


@contextlib.contextmanager
def hollow_demucs() -> Iterator[None]:
    """Make an empty ``demucs.tasnet.ConvTasNet`` importable for a while, as pickle wants to save or load one."""
    package, module = types.ModuleType("demucs"), types.ModuleType("demucs.tasnet")
    vars(module)["ConvTasNet"] = _DEMUCS_CLASS
    sys.modules.update({"demucs": package, "demucs.tasnet": module})
    try:
        yield
    finally:
        del sys.modules["demucs"], sys.modules["demucs.tasnet"]


def save_demucs(net: DemucsMono, path: Path) -> Path:
    """Save a net as Demucs does, its class among the content, and return the path."""
    with hollow_demucs():
        torch.save(saved(net), path)
    return path


def save_espnet_experiment(net: EspNet, folder: Path, **separator: object) -> Path:
    """Write an ESPnet net with a ``config.yaml`` beside it; return the path of the weights."""
    sizes = net.sizes
    conf = {
        "encoder": "conv",
        "encoder_conf": {"channel": sizes.filters, "kernel_size": sizes.kernel, "stride": sizes.stride},
        "separator": "tcn",
        "separator_conf": {"num_spk": sizes.sources, "layer": sizes.blocks, "stack": sizes.repeats, **separator},
        "fs": "8k",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(conf))
    torch.save(saved(net), folder / "valid.loss.ave.pth")
    return folder / "valid.loss.ave.pth"


def kaituoxu(seed: int = 0, **options: Any) -> Kaituoxu:
    return drawn(Kaituoxu, seed, options)


def demucs(seed: int = 0, **options: Any) -> DemucsMono:
    return drawn(DemucsMono, seed, options)


def clarity(seed: int = 0, **options: Any) -> ClarityMultiChannel:
    return drawn(ClarityMultiChannel, seed, options)


def espnet(seed: int = 0, **options: Any) -> EspNet:
    return drawn(EspNet, seed, options)
