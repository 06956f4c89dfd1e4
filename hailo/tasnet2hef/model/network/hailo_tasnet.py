"""HailoTasNet: a Conv-TasNet rewritten exactly in operators that the compiler accepts.

Time lies on H (``tall``) or W (``wide``) and every tensor is 4-D from end to end. The waveform comes in as
frames of ``stride`` samples, ``[1, stride, rows, 1]``, which in NHWC memory is the waveform itself, and each
source goes out in the same shape. Kernels are ``(k, 1)``, so columns never mix: ``[1, stride, rows, streams]``
has that many windows side by side. Every weight is folded in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.activations import CentredSigmoid, make_activation, make_masks
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.folding import (
    Conv,
    fold_into_pointwise,
    pad_inputs,
    pad_outputs,
    polyphase_decoder,
    polyphase_encoder,
)
from tasnet2hef.model.network.hailo_block import HailoBlock, TrunkChannels, block_convs, is_gain_only, read_conv
from tasnet2hef.model.network.norms import make_standardise, norm_constants, norm_strategy, strategy_of
from tasnet2hef.model.network.padding import PaddedFold, fold_with_padding
from tasnet2hef.model.network.primitives import Mul, TimeConv
from tasnet2hef.runtime.backends.frames import (
    frames_to_streams,
    frames_to_tensor,
    streams_to_frames,
    tensor_to_frames,
)


class SourceHead(nn.Module):
    """The part of the net after one source's mask: the product with the representation, then the decoder."""

    def __init__(self, decoder: Tensor, bias: Tensor | None, layout: str) -> None:
        super().__init__()
        edge = decoder.shape[2] - 1
        self.masked = Mul()
        bias = None if bias is None else bias.expand(len(decoder))
        self.decoder = TimeConv(decoder, bias, layout=layout, padding=(edge, edge))

    def forward(self, mask: Tensor, representation: Tensor) -> Tensor:
        """Mask and decode."""
        waveform: Tensor = self.decoder(self.masked(mask, representation))
        return waveform


class HailoTasNet(nn.Module):
    """A Conv-TasNet for the chip: ``[1, stride, rows, streams]`` to a tuple of sources, each of that shape.

    Args:
        spec: the architecture.
        weights: ``ReferenceTasNet(spec).state_dict()``.
        options: window and layout.

    Raises:
        OptionError: the net, or the window, has no exact form on the chip.
    """

    def __init__(self, spec: TasNetSpec, weights: Mapping[str, Tensor], options: BuildOptions) -> None:
        super().__init__()
        require_exact(spec)
        if options.stateful:
            require_stateful(spec)
        folds = plan_folds(spec, weights, options)
        is_joint = options.residual == "joint" and spec.skip_chan > 0
        self.contract = GraphContract(
            spec=spec,
            window_frames=options.window_frames,
            norm=norm_strategy(spec),
            layout=options.layout,
            residual="joint" if is_joint else "separate",
            streams=options.streams,
            stateful=options.stateful,
            input_level_dbfs=options.input_level_dbfs,
            decoder_bias=float(weights["decoder.bias"]) if spec.decoder_bias else 0.0,
        )
        trunk = TrunkChannels(spec.bn_chan, int(any(folds)), spec.skip_chan if is_joint else 0)
        encoder = polyphase_encoder(weights["encoder.filterbank._filters"].double(), spec.stride)
        self.encoder = TimeConv(encoder, weights.get("encoder.bias"), layout=options.layout)
        self.encoder_activation = make_activation(spec.encoder_activation, weights.get("enc_activation.weight"))
        eps = spec.bottleneck_norm_eps or spec.norm_eps
        self.bottleneck_norm = make_standardise(spec.norms.bottleneck, eps, options.window_frames, options.layout)
        centres = spec.encoder_activation == "sigmoid" and strategy_of(spec.norms.bottleneck) == "frame"
        self.norm_input = CentredSigmoid() if centres else None
        bottleneck = bottleneck_conv(spec, weights, trunk)
        self.bottleneck = TimeConv(bottleneck.weight, bottleneck.bias, layout=options.layout)
        self.block_names = tuple(f"tcn_{index:02d}" for index in range(len(spec.dilations)))
        for index, name in enumerate(self.block_names):
            self.add_module(name, HailoBlock(spec, weights, index, trunk, options, folds[index]))
        self.mask_activation = make_activation(spec.mask_input_act, weights.get("masker.mask_net.0.weight"))
        self.masks = make_masks(spec, weights, mask_conv(spec, weights, trunk), options.layout)
        decoder = polyphase_decoder(weights["decoder.filterbank._filters"].double(), spec.stride)
        self.source_names = tuple(f"source_{number}" for number in range(1, spec.n_src + 1))
        for name in self.source_names:
            self.add_module(name, SourceHead(decoder, weights.get("decoder.bias"), options.layout))

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Separate one window."""
        encoded = self.encoder(frames)
        representation = encoded if self.encoder_activation is None else self.encoder_activation(encoded)
        hidden = representation if self.norm_input is None else self.norm_input(encoded)
        if self.bottleneck_norm is not None:
            hidden = self.bottleneck_norm(hidden)
        trunk, skip_sum = self.bottleneck(hidden), None
        for name in self.block_names:
            trunk, skip_sum = self.get_submodule(name)(trunk, skip_sum)
        hidden = trunk if skip_sum is None else skip_sum
        masks = self.masks(hidden if self.mask_activation is None else self.mask_activation(hidden))
        return tuple(
            self.get_submodule(name)(mask, representation)
            for name, mask in zip(self.source_names, masks, strict=True)
        )


def require_exact(spec: TasNetSpec) -> None:
    """Check that a net's padding has an exact form on the chip.

    Raises:
        OptionError: it pads by reflection, which would take an operator that reverses rows.
    """
    if spec.conv_padding != "zeros":
        raise OptionError(
            f"conv_padding: found {spec.conv_padding}: the rows beyond the edge are copies in reverse order, "
            "which no operator of the chip makes; give --zero-padding to pad with zeros instead and have the loss "
            "measured"
        )


def require_stateful(spec: TasNetSpec) -> None:
    """Check that a net can run chunk by chunk on its past alone.

    Raises:
        OptionError: it looks ahead, or its norms use the whole window.
    """
    if not spec.causal or norm_strategy(spec) == "exact":
        sight = "is causal" if spec.causal else "looks ahead (not causal)"
        raise OptionError(
            f"stateful: found a net that {sight} with {'/'.join(sorted(set(spec.norms)))} norms, expected a "
            "causal one with cLN or bN; export windows instead"
        )


def plan_folds(spec: TasNetSpec, weights: Mapping[str, Tensor], options: BuildOptions) -> list[PaddedFold | None]:
    """Fold each block's first norm into its neighbours; None where that is impossible or not needed."""
    count = len(spec.dilations)
    if options.shift == "layer" or options.stateful or strategy_of(spec.norms.expand) != "folded":
        return [None] * count
    folds: list[PaddedFold | None] = []
    for index in range(count):
        prefix = f"masker.TCN.{index}"
        constants = norm_constants(spec.norms.expand, weights, f"{prefix}.shared_block.2", spec.hid_chan)
        if is_gain_only(constants):  # folds into the depthwise convolution's taps
            folds.append(None)
            continue
        slope = weights[f"{prefix}.shared_block.1.weight"].double()
        folds.append(fold_with_padding(*block_convs(weights, prefix), slope, constants))
    return folds


def bottleneck_conv(spec: TasNetSpec, weights: Mapping[str, Tensor], trunk: TrunkChannels) -> Conv:
    """Return the bottleneck with its norm folded in; it also outputs the constant one and a skip sum of zero."""
    constants = norm_constants(spec.norms.bottleneck, weights, "masker.bottleneck.0", spec.n_filters)
    conv = fold_into_pointwise(constants.affine, read_conv(weights, "masker.bottleneck.1"))
    conv = pad_outputs(conv, after=trunk.trailing)
    conv.bias[spec.bn_chan : spec.bn_chan + trunk.ones] = 1.0
    return conv


def mask_conv(spec: TasNetSpec, weights: Mapping[str, Tensor], trunk: TrunkChannels) -> Conv:
    """Return the mask convolution over the trunk or a separate skip sum, with N features per source."""
    conv = read_conv(weights, "masker.mask_net.1")
    if spec.out_chan == 1:  # one mask value per frame: repeated rows need no broadcast
        conv = Conv(
            conv.weight.repeat_interleave(spec.n_filters, dim=0), conv.bias.repeat_interleave(spec.n_filters)
        )
    if not spec.skip_chan:
        return pad_inputs(conv, after=trunk.ones)
    return pad_inputs(conv, before=trunk.residual + trunk.ones if trunk.skip else 0)


@torch.no_grad()
def separate_windows(net: HailoTasNet, clips: Samples) -> Samples:
    """Separate one clip per column, ``[stream, sample]``, into ``[stream, source, sample]``, as a host would."""
    frames = torch.from_numpy(frames_to_tensor(streams_to_frames(clips, net.contract), net.contract))
    outputs = [tensor_to_frames(output.numpy(), net.contract) for output in net(frames)]
    return frames_to_streams(np.stack(outputs), net.contract)
