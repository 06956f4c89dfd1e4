"""One TCN block of a HailoTasNet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.activations import make_slope
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.folding import Conv, fold_into_pointwise, pad_inputs, pad_outputs, stack_outputs
from tasnet2hef.model.network.memory import JoinRows, LastRows, PastRows
from tasnet2hef.model.network.norms import NormConstants, make_standardise, norm_constants
from tasnet2hef.model.network.padding import PaddedFold
from tasnet2hef.model.network.primitives import Add, ChannelAffine, TimeConv


@dataclass(frozen=True)
class TrunkChannels:
    """Channels of the trunk, the tensor that passes all blocks: residual stream, a constant one, skip sum."""

    residual: int
    ones: int
    skip: int
    """0 where the skip sum is a tensor of its own."""

    @property
    def trailing(self) -> int:
        """Channels after the residual stream."""
        return self.ones + self.skip


class HailoBlock(nn.Module):
    """One TCN block: adds its outputs to the trunk and, where there is one, to a separate skip sum."""

    def __init__(
        self,
        spec: TasNetSpec,
        weights: Mapping[str, Tensor],
        index: int,
        trunk: TrunkChannels,
        options: BuildOptions,
        fold: PaddedFold | None,
    ) -> None:
        super().__init__()
        prefix, layout = f"masker.TCN.{index}", options.layout
        padding = depthwise_padding(spec, index)
        expand, depthwise = block_convs(weights, prefix)
        slopes = [weights[f"{prefix}.shared_block.{place}.weight"] for place in (1, 4)]
        first, second = (
            norm_constants(norm, weights, f"{prefix}.shared_block.{place}", spec.hid_chan)
            for norm, place in ((spec.norms.expand, 2), (spec.norms.depthwise, 5))
        )
        expand = pad_inputs(expand, after=trunk.trailing)
        if fold is not None:
            expand = replace(fold.expand, weight=pad_inputs(fold.expand, after=trunk.skip).weight)
            depthwise = fold.depthwise
        self.expand = TimeConv(
            expand.weight, expand.bias, layout=layout, padding=padding if fold is not None else (0, 0)
        )
        self.expand_activation = make_slope(slopes[0])
        self.norm_1 = make_standardise(spec.norms.expand, spec.norm_eps, options.window_frames, layout)
        if fold is None and is_gain_only(first):
            depthwise = fold_gain(first, depthwise)
        self.affine_1 = (
            None
            if fold is not None or is_gain_only(first)
            else ChannelAffine(first.affine.gain, first.affine.bias)
        )
        self.depthwise = TimeConv(
            depthwise.weight,
            depthwise.bias,
            layout=layout,
            dilation=spec.dilations[index],
            groups=spec.hid_chan,
            padding=(0, 0) if fold is not None or options.stateful else padding,
        )
        self.is_stateful = options.stateful
        if self.is_stateful:
            self.state = PastRows(spec.hid_chan, padding[0])
            self.with_past = JoinRows()
            self.next_state = LastRows(options.window_frames, padding[0])
        self.depthwise_activation = make_slope(slopes[1])
        self.norm_2 = make_standardise(spec.norms.depthwise, spec.norm_eps, options.window_frames, layout)
        residual = fold_into_pointwise(second.affine, read_conv(weights, f"{prefix}.res_conv"))
        skip = (
            fold_into_pointwise(second.affine, read_conv(weights, f"{prefix}.skip_conv"))
            if spec.skip_chan
            else None
        )
        self._add_outputs(spec, residual, skip, index, trunk, options)

    def _add_outputs(
        self,
        spec: TasNetSpec,
        residual: Conv,
        skip: Conv | None,
        index: int,
        trunk: TrunkChannels,
        options: BuildOptions,
    ) -> None:
        """Add the output convolutions; the last residual convolution feeds nothing where there are skips."""
        is_last = index == len(spec.dilations) - 1
        self.residual: nn.Module | None = None
        self.skip: nn.Module | None = None
        if skip is not None and trunk.skip:
            joint = pad_outputs(skip, before=trunk.residual + trunk.ones)
            if not is_last:
                joint = stack_outputs(pad_outputs(residual, after=trunk.ones), skip)
            self.residual = TimeConv(joint.weight, joint.bias, layout=options.layout)
        else:
            if not (is_last and skip is not None):
                padded = pad_outputs(residual, after=trunk.ones)
                self.residual = TimeConv(padded.weight, padded.bias, layout=options.layout)
            if skip is not None:
                self.skip = TimeConv(skip.weight, skip.bias, layout=options.layout)
        self.residual_sum = None if self.residual is None else Add()
        self.skip_sum = None if self.skip is None or index == 0 else Add()

    def forward(self, trunk: Tensor, skip_sum: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the new trunk and the new skip sum."""
        hidden = _applied(self.expand(trunk), self.expand_activation, self.norm_1, self.affine_1)
        if self.is_stateful:
            hidden = self.with_past(self.state(), hidden)
            self.next_state(hidden)
        hidden = _applied(self.depthwise(hidden), self.depthwise_activation, self.norm_2)
        if self.residual is not None and self.residual_sum is not None:
            trunk = self.residual_sum(trunk, self.residual(hidden))
        if self.skip is not None:
            skip = self.skip(hidden)
            skip_sum = skip if self.skip_sum is None else self.skip_sum(skip_sum, skip)
        return trunk, skip_sum


def _applied(x: Tensor, *layers: nn.Module | None) -> Tensor:
    for layer in layers:
        x = x if layer is None else layer(x)
    return x


def read_conv(weights: Mapping[str, Tensor], name: str) -> Conv:
    """Read a convolution from a state dict, in float64."""
    return Conv(weights[f"{name}.weight"].double(), weights[f"{name}.bias"].double())


def block_convs(weights: Mapping[str, Tensor], prefix: str) -> tuple[Conv, Conv]:
    """Read a block's first 1x1 convolution and its depthwise one (a causal net keeps it with its chop)."""
    name = f"{prefix}.shared_block.3"
    causal_name = f"{name}.0"
    depthwise = causal_name if f"{causal_name}.weight" in weights else name
    return read_conv(weights, f"{prefix}.shared_block.0"), read_conv(weights, depthwise)


def is_gain_only(constants: NormConstants) -> bool:
    """Return whether a norm's constants map zero to zero: zero padding is then the same before and after them."""
    return not bool(constants.affine.bias.any())


def fold_gain(constants: NormConstants, depthwise: Conv) -> Conv:
    """Return the depthwise convolution that equals ``depthwise`` after a gain."""
    return Conv(depthwise.weight * constants.affine.gain[:, None, None], depthwise.bias)


def depthwise_padding(spec: TasNetSpec, index: int) -> tuple[int, int]:
    """Zeros before and after the frames that a depthwise convolution needs to keep their number."""
    reach = (spec.conv_kernel_size - 1) * spec.dilations[index]
    return (reach, 0) if spec.causal else (reach // 2, reach // 2)
