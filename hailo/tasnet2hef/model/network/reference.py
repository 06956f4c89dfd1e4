"""A plain Conv-TasNet with Asteroid's parameter names: the reference for every rewrite.

Source: ``asteroid/models/conv_tasnet.py`` and ``asteroid/masknn`` of Asteroid 0.7.0. Its state dict has the
names and shapes of Asteroid's own, so that weights load without renaming; what only other implementations have
(biases of the encoder and decoder, other norms at some places, reflection padding) is added where the spec says
so.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasnet2hef.base.spec import TasNetSpec


class GlobalNorm(nn.Module):
    """gLN, fgLN and cLN: one formula over other axes, then a gain and a bias per channel.

    Shape: ``[batch, channel, frame]`` in and out. Mean and population variance over ``axes``.
    """

    def __init__(self, channels: int, axes: tuple[int, ...], eps: float) -> None:
        super().__init__()
        self.axes, self.eps = axes, eps
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        mean = x.mean(dim=self.axes, keepdim=True)
        variance = x.var(dim=self.axes, keepdim=True, unbiased=False)
        normalised = (x - mean) / torch.sqrt(variance + self.eps)
        return self.gamma[:, None] * normalised + self.beta[:, None]


class CumulativeNorm(nn.Module):
    """cgLN: statistics over all channels of this frame and the frames before it."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        channels, frames = x.shape[1:]
        count = channels * torch.arange(1, frames + 1, dtype=x.dtype, device=x.device)
        mean = x.sum(1, keepdim=True).cumsum(-1) / count
        variance = x.pow(2).sum(1, keepdim=True).cumsum(-1) / count - mean.pow(2)
        normalised = (x - mean) / torch.sqrt(variance + self.eps)
        return self.gamma[:, None] * normalised + self.beta[:, None]


def make_norm(norm_type: str, channels: int, eps: float) -> nn.Module:
    """Build the normalisation layer that Asteroid calls ``norm_type``; ``identity`` leaves everything as it is."""
    axes = {"gLN": (1, 2), "fgLN": (2,), "cLN": (1,)}
    if norm_type == "bN":
        return nn.BatchNorm1d(channels)
    if norm_type == "cgLN":
        return CumulativeNorm(channels, eps)
    return nn.Identity() if norm_type == "identity" else GlobalNorm(channels, axes[norm_type], eps)


class Swish(nn.Module):
    """``x * sigmoid(x)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        return x * torch.sigmoid(x)


class Softmax(nn.Module):
    """Softmax of masks ``[batch, source, feature, frame]`` over sources, features or both together."""

    def __init__(self, over: str) -> None:
        super().__init__()
        self.over = over

    def forward(self, x: Tensor) -> Tensor:
        """Apply."""
        if self.over == "all":
            return x.flatten(1, 2).softmax(dim=1).view_as(x)
        return x.softmax(dim=1 if self.over == "sources" else 2)


def make_activation(name: str, softmax_over: str = "sources") -> nn.Module:
    """Build the activation that Asteroid calls ``name``."""
    plain: dict[str, type[nn.Module]] = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "prelu": nn.PReLU,
        "leaky_relu": nn.LeakyReLU,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "gelu": nn.GELU,
        "swish": Swish,
    }
    return Softmax(softmax_over) if name == "softmax" else plain[name]()


class Chop(nn.Module):
    """Cut the last ``frames`` frames, which makes a symmetrically padded convolution causal."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames

    def forward(self, x: Tensor) -> Tensor:
        """Cut."""
        return x[..., : -self.frames]


class TcnBlock(nn.Module):
    """One TCN block: 1x1 up, depthwise over frames, then residual and skip 1x1 convolutions."""

    def __init__(self, spec: TasNetSpec, dilation: int) -> None:
        super().__init__()
        hidden = spec.hid_chan
        reach = (spec.conv_kernel_size - 1) * dilation
        padding = reach if spec.causal else reach // 2
        depthwise: nn.Module = nn.Conv1d(
            hidden,
            hidden,
            spec.conv_kernel_size,
            padding=padding,
            dilation=dilation,
            groups=hidden,
            padding_mode=spec.conv_padding,
        )
        if spec.causal:
            depthwise = nn.Sequential(depthwise, Chop(padding))
        self.shared_block = nn.Sequential(
            nn.Conv1d(spec.bn_chan, hidden, 1),
            nn.PReLU(),
            make_norm(spec.norms.expand, hidden, spec.norm_eps),
            depthwise,
            nn.PReLU(),
            make_norm(spec.norms.depthwise, hidden, spec.norm_eps),
        )
        self.res_conv = nn.Conv1d(hidden, spec.bn_chan, 1)
        self.skip_conv = nn.Conv1d(hidden, spec.skip_chan, 1) if spec.skip_chan else None

    @property
    def norms(self) -> tuple[nn.Module, nn.Module]:
        """The two normalisations, before and after the depthwise convolution."""
        return self.shared_block[2], self.shared_block[5]

    @property
    def depthwise(self) -> nn.Conv1d:
        """The depthwise convolution; a causal net keeps it with its chop."""
        place = self.shared_block[3]
        return cast(nn.Conv1d, place[0] if isinstance(place, nn.Sequential) else place)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return what is added to the residual stream and to the skip sum."""
        shared = self.shared_block(x)
        return self.res_conv(shared), None if self.skip_conv is None else self.skip_conv(shared)


class Masker(nn.Module):
    """The mask estimator: ``[batch, N, frame]`` to ``[batch, source, mask channel, frame]``."""

    def __init__(self, spec: TasNetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.bottleneck = nn.Sequential(
            make_norm(spec.norms.bottleneck, spec.n_filters, spec.bottleneck_norm_eps or spec.norm_eps),
            nn.Conv1d(spec.n_filters, spec.bn_chan, 1),
        )
        self.TCN = nn.ModuleList(TcnBlock(spec, dilation) for dilation in spec.dilations)
        self.mask_net = nn.Sequential(
            make_activation(spec.mask_input_act),
            nn.Conv1d(spec.skip_chan or spec.bn_chan, spec.n_src * spec.out_chan, 1),
        )
        self.output_act = make_activation(spec.mask_act, spec.softmax_over)

    @property
    def blocks(self) -> tuple[TcnBlock, ...]:
        """The TCN blocks in their order."""
        return tuple(cast(TcnBlock, block) for block in self.TCN)

    def forward(self, representation: Tensor) -> Tensor:
        """Estimate the masks."""
        return self.masks_and_streams(representation)[0]

    def masks_and_streams(self, representation: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Estimate the masks; also return the residual stream ``[batch, B, frame]`` after each block."""
        stream = self.bottleneck(representation)
        skip_sum = torch.zeros((), dtype=stream.dtype, device=stream.device)
        streams = []
        for block in self.TCN:
            residual, skip = block(stream)
            stream = stream + residual
            streams.append(stream)
            if skip is not None:
                skip_sum = skip_sum + skip
        scores = self.mask_net(skip_sum if self.spec.skip_chan else stream)
        batch, _, frames = scores.shape
        masks: Tensor = self.output_act(scores.view(batch, self.spec.n_src, self.spec.out_chan, frames))
        return masks, streams


class Filterbank(nn.Module):
    """The basis functions under Asteroid's parameter name; shape ``[N, 1, K]``."""

    def __init__(self, spec: TasNetSpec) -> None:
        super().__init__()
        self._filters = nn.Parameter(torch.empty(spec.n_filters, 1, spec.kernel_size))
        nn.init.xavier_uniform_(self._filters)


class Coder(nn.Module):
    """An encoder's or decoder's filterbank, with Asteroid's parameter names, and ``biases`` where it has some."""

    def __init__(self, spec: TasNetSpec, biases: int) -> None:
        super().__init__()
        self.filterbank = Filterbank(spec)
        self.bias = nn.Parameter(torch.zeros(biases)) if biases else None

    @property
    def filters(self) -> Tensor:
        """Basis functions ``[N, 1, K]``."""
        return self.filterbank._filters


class ReferenceTasNet(nn.Module):
    """Conv-TasNet from waveform to waveforms: ``[batch, sample]`` to ``[batch, source, sample]``.

    >>> net = ReferenceTasNet(TasNetSpec(n_src=2, n_filters=8, out_chan=8, bn_chan=4, hid_chan=8, skip_chan=4))
    >>> net(torch.zeros(1, 803)).shape
    torch.Size([1, 2, 803])
    """

    def __init__(self, spec: TasNetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Coder(spec, spec.n_filters if spec.encoder_bias else 0)
        self.masker = Masker(spec)
        self.decoder = Coder(spec, 1 if spec.decoder_bias else 0)
        self.enc_activation = make_activation(spec.encoder_activation)

    def forward(self, mixture: Tensor) -> Tensor:
        """Separate; a tail too short for a frame stays zero (or the decoder's bias), as in the original."""
        return self.sources_and_streams(mixture)[0]

    def sources_and_streams(self, mixture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Separate; also return the residual stream ``[batch, B, frame]`` after each block."""
        spec = self.spec
        representation = self.encode(mixture)
        masks, streams = self.masker.masks_and_streams(representation)
        masked = masks * representation[:, None]
        waveforms = functional.conv_transpose1d(masked.flatten(0, 1), self.decoder.filters, stride=spec.stride)
        waveforms = waveforms.view(mixture.shape[0], spec.n_src, -1)
        start, samples = spec.clip_padding(mixture.shape[-1])[0], mixture.shape[-1]
        missing = max(0, start + samples - waveforms.shape[-1])
        waveforms = functional.pad(waveforms, (0, missing))[..., start : start + samples]
        return waveforms if self.decoder.bias is None else waveforms + self.decoder.bias, streams

    def encode(self, mixture: Tensor) -> Tensor:
        """Return the representation ``[batch, N, frame]`` of ``[batch, sample]``."""
        clip = functional.pad(mixture, self.spec.clip_padding(mixture.shape[-1]))
        representation: Tensor = self.enc_activation(
            functional.conv1d(clip[:, None], self.encoder.filters, self.encoder.bias, stride=self.spec.stride)
        )
        return representation
