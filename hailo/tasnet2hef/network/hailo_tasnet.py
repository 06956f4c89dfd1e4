"""HailoTasNet: a Conv-TasNet rewritten, exactly, into what the compiler takes as it is.

Time lies on H (``tall``) or W (``wide``) and every tensor is 4-D from end to end. The waveform comes in as
frames of ``stride`` samples, ``[1, stride, rows, 1]``, which in NHWC memory is the waveform itself, and each
source goes out in the same shape. Every weight is folded in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from tasnet2hef.errors import OptionError
from tasnet2hef.network.activations import make_activation, make_masks, make_slope
from tasnet2hef.network.folding import (
    Conv,
    channels_in,
    channels_out,
    fold_into_pointwise,
    polyphase_decoder,
    polyphase_encoder,
    stack_outputs,
)
from tasnet2hef.network.norms import make_standardise, norm_constants, norm_strategy
from tasnet2hef.network.padding import PaddedFold, fold_with_padding
from tasnet2hef.network.primitives import Add, ChannelAffine, Mul, TimeConv
from tasnet2hef.provenance import LAYOUTS, Provenance
from tasnet2hef.spec import TasNetSpec

RESIDUALS = ("separate", "joint")
SHIFTS = ("fold", "layer")


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """How a net is laid out on the chip; each choice is exact.

    Raises:
        OptionError: a value is not one of its choices.
    """

    window_frames: int
    layout: str = "tall"
    residual: str = "separate"
    """``joint``: one convolution and one add for the residual stream and the skip sum together."""
    shift: str = "fold"
    """A norm's constant before the depthwise convolution: ``fold`` it (the 1x1 convolution pads with the value
    that maps to zero) or keep it as one ``layer``."""

    def __post_init__(self) -> None:
        """Validate; see the class."""
        for name, choices in (("layout", LAYOUTS), ("residual", RESIDUALS), ("shift", SHIFTS)):
            if getattr(self, name) not in choices:
                raise OptionError(f"{name}: found {getattr(self, name)!r}, expected {' or '.join(choices)}")


@dataclass(frozen=True)
class State:
    """Channels of the tensor that runs through the blocks: residual stream, a constant one, skip sum."""

    stream: int
    ones: int
    skip: int

    @property
    def trailing(self) -> int:
        """Channels behind the residual stream."""
        return self.ones + self.skip


class HailoBlock(nn.Module):
    """One TCN block: state in; what is added to the state, and to a separate skip sum, out."""

    def __init__(
        self,
        spec: TasNetSpec,
        weights: Mapping[str, Tensor],
        index: int,
        state: State,
        options: BuildOptions,
        fold: PaddedFold | None,
    ) -> None:
        super().__init__()
        prefix, layout = f"masker.TCN.{index}", options.layout
        padding = depthwise_padding(spec, index)
        expand, depthwise = block_convs(weights, prefix)
        slopes = [weights[f"{prefix}.shared_block.{place}.weight"] for place in (1, 4)]
        first, second = (norm_constants(spec, weights, f"{prefix}.shared_block.{place}") for place in (2, 5))
        expand = channels_in(expand, after=state.trailing)
        if fold is not None:
            expand = replace(fold.expand, weight=channels_in(fold.expand, after=state.skip).weight)
            depthwise = fold.depthwise
        self.expand = TimeConv(
            expand.weight, expand.bias, layout=layout, padding=padding if fold is not None else (0, 0)
        )
        self.expand_activation = make_slope(slopes[0])
        self.norm_1 = make_standardise(spec, options.window_frames, layout)
        plain = bool((first.affine.gain == 1).all() and (first.affine.bias == 0).all())
        self.affine_1 = None if fold is not None or plain else ChannelAffine(first.affine.gain, first.affine.bias)
        self.depthwise = TimeConv(
            depthwise.weight,
            depthwise.bias,
            layout=layout,
            dilation=spec.dilations[index],
            groups=spec.hid_chan,
            padding=(0, 0) if fold is not None else padding,
        )
        self.depthwise_activation = make_slope(slopes[1])
        self.norm_2 = make_standardise(spec, options.window_frames, layout)
        residual = fold_into_pointwise(second.affine, read_conv(weights, f"{prefix}.res_conv"))
        skip = (
            fold_into_pointwise(second.affine, read_conv(weights, f"{prefix}.skip_conv"))
            if spec.skip_chan
            else None
        )
        self._add_outputs(spec, residual, skip, index, state, options)

    def _add_outputs(
        self, spec: TasNetSpec, residual: Conv, skip: Conv | None, index: int, state: State, options: BuildOptions
    ) -> None:
        """Make the output convolutions; the last residual convolution feeds nothing where there are skips."""
        is_last = index == len(spec.dilations) - 1
        self.residual: nn.Module | None = None
        self.skip: nn.Module | None = None
        if skip is not None and state.skip:
            joint = channels_out(skip, before=state.stream + state.ones)
            if not is_last:
                joint = stack_outputs(channels_out(residual, after=state.ones), skip)
            self.residual = TimeConv(joint.weight, joint.bias, layout=options.layout)
        else:
            if not (is_last and skip is not None):
                padded = channels_out(residual, after=state.ones)
                self.residual = TimeConv(padded.weight, padded.bias, layout=options.layout)
            if skip is not None:
                self.skip = TimeConv(skip.weight, skip.bias, layout=options.layout)
        self.residual_sum = None if self.residual is None else Add()
        self.skip_sum = None if self.skip is None or index == 0 else Add()

    def forward(self, state: Tensor, skip_sum: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the new state and the new skip sum."""
        hidden = self.expand_activation(self.expand(state))
        for step in (self.norm_1, self.affine_1, self.depthwise, self.depthwise_activation, self.norm_2):
            hidden = hidden if step is None else step(hidden)
        if self.residual is not None and self.residual_sum is not None:
            state = self.residual_sum(state, self.residual(hidden))
        if self.skip is not None:
            skip = self.skip(hidden)
            skip_sum = skip if self.skip_sum is None else self.skip_sum(skip_sum, skip)
        return state, skip_sum


class SourceHead(nn.Module):
    """What is left of one source after its mask: the product with the representation and its decoder."""

    def __init__(self, decoder: Tensor, layout: str) -> None:
        super().__init__()
        edge = decoder.shape[2] - 1
        self.masked = Mul()
        self.decoder = TimeConv(decoder, None, layout=layout, padding=(edge, edge))

    def forward(self, mask: Tensor, representation: Tensor) -> Tensor:
        """Mask and decode."""
        waveform: Tensor = self.decoder(self.masked(mask, representation))
        return waveform


class HailoTasNet(nn.Module):
    """A Conv-TasNet for the chip: ``frames`` ``[1, stride, rows, 1]`` to as many sources in the same shape.

    Args:
        spec: the architecture.
        weights: ``ReferenceTasNet(spec).state_dict()``.
        options: window and layout.

    Raises:
        OptionError: the net, or the window, has no exact form on the chip.
    """

    def __init__(self, spec: TasNetSpec, weights: Mapping[str, Tensor], options: BuildOptions) -> None:
        super().__init__()
        folds = plan_folds(spec, weights, options)
        is_joint = options.residual == "joint" and spec.skip_chan > 0
        self.provenance = Provenance(
            spec=spec,
            window_frames=options.window_frames,
            norm=norm_strategy(spec),
            layout=options.layout,
            residual="joint" if is_joint else "separate",
        )
        state = State(spec.bn_chan, int(any(folds)), spec.skip_chan if is_joint else 0)
        encoder = polyphase_encoder(weights["encoder.filterbank._filters"].double(), spec.stride)
        self.encoder = TimeConv(encoder, None, layout=options.layout)
        self.encoder_activation = make_activation(spec.encoder_activation, weights.get("enc_activation.weight"))
        self.bottleneck_norm = make_standardise(spec, options.window_frames, options.layout)
        bottleneck = bottleneck_conv(spec, weights, state)
        self.bottleneck = TimeConv(bottleneck.weight, bottleneck.bias, layout=options.layout)
        self.block_names = tuple(f"tcn_{index:02d}" for index in range(len(spec.dilations)))
        for index, name in enumerate(self.block_names):
            self.add_module(name, HailoBlock(spec, weights, index, state, options, folds[index]))
        self.mask_activation = make_slope(weights["masker.mask_net.0.weight"])
        self.masks = make_masks(spec, weights, mask_conv(spec, weights, state), options.layout)
        decoder = polyphase_decoder(weights["decoder.filterbank._filters"].double(), spec.stride)
        self.source_names = tuple(f"source_{number}" for number in range(1, spec.n_src + 1))
        for name in self.source_names:
            self.add_module(name, SourceHead(decoder, options.layout))

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Separate one window."""
        representation = self.encoder(frames)
        if self.encoder_activation is not None:
            representation = self.encoder_activation(representation)
        hidden = representation if self.bottleneck_norm is None else self.bottleneck_norm(representation)
        state, skip_sum = self.bottleneck(hidden), None
        for name in self.block_names:
            state, skip_sum = self.get_submodule(name)(state, skip_sum)
        masks = self.masks(self.mask_activation(state if skip_sum is None else skip_sum))
        return tuple(
            self.get_submodule(name)(mask, representation)
            for name, mask in zip(self.source_names, masks, strict=True)
        )


def read_conv(weights: Mapping[str, Tensor], name: str) -> Conv:
    """Read a convolution from a state dict, in float64."""
    return Conv(weights[f"{name}.weight"].double(), weights[f"{name}.bias"].double())


def block_convs(weights: Mapping[str, Tensor], prefix: str) -> tuple[Conv, Conv]:
    """Read a block's first 1x1 convolution and its depthwise one (a causal net keeps it with its chop)."""
    name = f"{prefix}.shared_block.3"
    causal_name = f"{name}.0"
    depthwise = causal_name if f"{causal_name}.weight" in weights else name
    return read_conv(weights, f"{prefix}.shared_block.0"), read_conv(weights, depthwise)


def depthwise_padding(spec: TasNetSpec, index: int) -> tuple[int, int]:
    """Zeros before and after the frames that a depthwise convolution needs to keep their number."""
    reach = (spec.conv_kernel_size - 1) * spec.dilations[index]
    return (reach, 0) if spec.causal else (reach // 2, reach // 2)


def plan_folds(spec: TasNetSpec, weights: Mapping[str, Tensor], options: BuildOptions) -> list[PaddedFold | None]:
    """Fold each block's first norm into its neighbours, where its constants are all there is to it."""
    count = len(spec.dilations)
    if options.shift == "layer" or norm_strategy(spec) != "folded":
        return [None] * count
    folds = []
    for index in range(count):
        prefix = f"masker.TCN.{index}"
        constants = norm_constants(spec, weights, f"{prefix}.shared_block.2")
        slope = weights[f"{prefix}.shared_block.1.weight"].double()
        folds.append(fold_with_padding(*block_convs(weights, prefix), slope, constants))
    return folds


def bottleneck_conv(spec: TasNetSpec, weights: Mapping[str, Tensor], state: State) -> Conv:
    """Return the bottleneck with its norm folded in; it also starts the constant one and the skip sum at zero."""
    constants = norm_constants(spec, weights, "masker.bottleneck.0")
    conv = fold_into_pointwise(constants.affine, read_conv(weights, "masker.bottleneck.1"))
    conv = channels_out(conv, after=state.trailing)
    conv.bias[spec.bn_chan : spec.bn_chan + state.ones] = 1.0
    return conv


def mask_conv(spec: TasNetSpec, weights: Mapping[str, Tensor], state: State) -> Conv:
    """Return the mask convolution over the state, or over a skip sum of its own, for N features a source."""
    conv = read_conv(weights, "masker.mask_net.1")
    if spec.out_chan == 1:  # one mask value a frame: the same row for every feature needs no broadcast
        conv = Conv(
            conv.weight.repeat_interleave(spec.n_filters, dim=0), conv.bias.repeat_interleave(spec.n_filters)
        )
    if not spec.skip_chan:
        return channels_in(conv, after=state.ones)
    return channels_in(conv, before=state.stream + state.ones if state.skip else 0)


def window_of(clip: Tensor, provenance: Provenance) -> Tensor:
    """Place a clip ``[window_samples]`` in a window buffer ``[rows * stride]``, as the original pads it."""
    start = provenance.spec.encoder_padding
    window = torch.zeros(provenance.rows * provenance.spec.stride)
    window[start : start + provenance.window_samples] = clip
    return window


def waveform_to_frames(window: Tensor, provenance: Provenance) -> Tensor:
    """View one padded window ``[rows * stride]`` as the net's input."""
    stride = provenance.spec.stride
    return window.reshape(1, provenance.rows, stride).transpose(1, 2).reshape(provenance.input_shape)


def frames_to_waveform(frames: Tensor) -> Tensor:
    """View an output ``[1, stride, rows, 1]`` as its samples ``[rows * stride]``."""
    return frames.flatten(2).transpose(1, 2).flatten()


@torch.no_grad()
def separate_window(net: HailoTasNet, clip: Tensor) -> Tensor:
    """Separate one window's clip ``[sample]`` into ``[source, sample]``, as the device's host would."""
    provenance = net.provenance
    start, samples = provenance.spec.encoder_padding, provenance.window_samples
    outputs = net(waveform_to_frames(window_of(clip, provenance), provenance))
    return torch.stack([frames_to_waveform(output)[start : start + samples] for output in outputs])
