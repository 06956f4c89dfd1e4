"""More small Conv-TasNets of other projects, as in ``foreign_nets``: SpeechBrain, and nets with biases."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.model.checkpoint.foreign_nets import (
    NORMALISED_OVER,
    ForeignNet,
    Norm,
    chain,
    cut_if,
    decoded,
    depthwise,
    drawn,
    masked,
    overlap_added,
    pointwise,
    residual,
    stack,
    to_length,
    untrained_optimizer,
)


class SpeechBrain(ForeignNet):
    """SpeechBrain's MaskNet between the ends of its ``dual_path`` (as in the recipe) or of its ``conv_tasnet``.

    Both depthwise paddings are unusual: reflection where not causal, and half as many zeros again in front where
    causal. The encoder of ``conv_tasnet`` reflects half a kernel at both ends: the output is half a kernel late.
    """

    def __init__(
        self,
        *,
        norm_type: str = "gLN",
        causal: bool = False,
        mask_nonlinear: str = "relu",
        ends: str = "dual_path",
        **sizes: int,
    ) -> None:
        super().__init__(sizes)
        self.options = {"norm_type": norm_type, "causal": causal, "mask_nonlinear": mask_nonlinear}
        self.ends = ends
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bank = nn.Conv1d(1, filters, kernel, stride, bias=False)
        if ends == "dual_path":
            self.encoder = chain(conv1d=bank)
            self.decoder: nn.Module = nn.ConvTranspose1d(filters, 1, kernel, stride, bias=False)
        else:
            self.encoder = chain(pad=nn.ReflectionPad1d(kernel // 2), conv1d_U=chain(conv=bank))
            self.decoder = chain(basis_signals=chain(w=nn.Linear(filters, kernel, bias=False)))
        blocks = {
            f"temporalblock_{repeat}_{x}": self._block(2**x)
            for repeat in range(self.sizes.repeats)
            for x in range(self.sizes.blocks)
        }
        self.masknet = chain(
            layer_norm=_norm_of_speechbrain("cLN", filters),
            bottleneck_conv1x1=chain(conv=pointwise(filters, self.sizes.bottleneck, bias=False)),
            temporal_conv_net=chain(**blocks),
            mask_conv1x1=chain(conv=pointwise(self.sizes.bottleneck, self.sizes.sources * filters, bias=False)),
        )

    def _block(self, dilation: int) -> nn.Module:
        sizes, norm, reach = self.sizes, str(self.options["norm_type"]), (self.sizes.taps - 1) * dilation
        causal = bool(self.options["causal"])
        unpadded = nn.Conv1d(
            sizes.hidden, sizes.hidden, sizes.taps, dilation=dilation, groups=sizes.hidden, bias=False
        )
        zeros = nn.ZeroPad1d((reach + reach // 2, reach - reach // 2))
        separable = chain(
            pad=zeros if causal else nn.ReflectionPad1d(reach // 2),
            conv_0=chain(conv=unpadded),
            chomp=cut_if(causal, sizes, dilation),
            act=nn.PReLU(),
            act_0=_norm_of_speechbrain(norm, sizes.hidden),
            conv_1=chain(conv=pointwise(sizes.hidden, sizes.bottleneck, bias=False)),
        )
        layers = chain(
            conv=chain(conv=pointwise(sizes.bottleneck, sizes.hidden, bias=False)),
            act=nn.PReLU(),
            norm=_norm_of_speechbrain(norm, sizes.hidden),
            DSconv=separable,
        )
        return residual(layers=layers)

    def forward(self, samples: Tensor) -> Tensor:
        features = self.encoder(samples[:, None]).relu()
        activation = str(self.options["mask_nonlinear"])
        features = masked(features, self.masknet(features), self.sizes.sources, activation, softmax_over=2)
        if self.ends == "dual_path":
            signal = decoded(self.decoder, features)
        else:
            signal = overlap_added(self.decoder(features.transpose(2, 3)), self.sizes.stride)
        return to_length(signal, samples.shape[-1])


def _norm_of_speechbrain(kind: str, channels: int) -> Norm:
    return Norm(channels, over=NORMALISED_OVER[kind], eps=1e-8, shape=(1, 1, -1))


_HYPERPARAMS = """\
# Generated 2024-01-01 from:
# yamllint disable
sample_rate: 8000
num_spks: {C}
N_encoder_out: {N}
kernel_size: {L}
kernel_stride: {stride}
Encoder: &id001 !new:speechbrain.lobes.models.{ends}.Encoder
  {encoder}
MaskNet: &id003 !new:speechbrain.lobes.models.conv_tasnet.MaskNet
  N: {N}
  B: {B}
  H: {H}
  P: {P}
  X: {X}
  R: {R}
  C: {C}
  norm_type: {norm_type}
  causal: {causal}
  mask_nonlinear: {mask_nonlinear}
Decoder: &id002 !new:speechbrain.lobes.models.{ends}.Decoder
  {decoder}
modules:
  encoder: *id001
  decoder: *id002
  masknet: *id003
"""


def save_speechbrain_folder(net: SpeechBrain, folder: Path, *, checkpoint: str = ".") -> Path:
    """Write ``hyperparams.yaml`` and, into ``checkpoint`` below it, the weights; return the folder.

    A recipe's checkpoints are folders like ``save/CKPT+2024-01-01+00-00-00+00``; published ones lie beside the
    settings.
    """
    parts = folder / checkpoint
    parts.mkdir(parents=True, exist_ok=True)
    for name, part in (("encoder", net.encoder), ("masknet", net.masknet), ("decoder", net.decoder)):
        torch.save(part.state_dict(), parts / f"{name}.ckpt")
    (parts / "counter.ckpt").write_text("3")
    letters = net.sizes.letters()
    of_encoder, of_decoder = {
        "dual_path": (
            "kernel_size: {L}\n  out_channels: {N}",
            "in_channels: {N}\n  out_channels: 1\n  kernel_size: {L}\n  stride: {stride}\n  bias: false",
        ),
        "conv_tasnet": ("L: {L}\n  N: {N}", "L: {L}\n  N: {N}"),
    }[net.ends]
    ends = {"encoder": of_encoder, "decoder": of_decoder}
    values = {**letters, **net.options, "causal": str(net.options["causal"]).lower(), "stride": net.sizes.stride}
    ends = {name: text.format(**values) for name, text in ends.items()}
    (folder / "hyperparams.yaml").write_text(_HYPERPARAMS.format(**values, **ends, ends=net.ends))
    return folder


def _layer_norm(channels: int) -> Norm:
    """Normalise each frame with what ``torch.nn.LayerNorm`` holds."""
    return Norm(channels, over="frame", eps=1e-5, names=("weight", "bias"), shape=(-1,))


def _norm_of_funcwj(kind: str, channels: int) -> nn.Module:
    if kind == "gLN":
        return Norm(channels, over="clip", eps=1e-5, shape=(-1, 1))
    return _layer_norm(channels) if kind == "cLN" else nn.BatchNorm1d(channels)


class FuncWj(ForeignNet):
    """funcwj/conv-tasnet: biases everywhere, the bottleneck's norm is always cLN."""

    def __init__(self, *, norm: str = "cLN", causal: bool = False, non_linear: str = "relu", **sizes: int) -> None:
        super().__init__(sizes)
        self.non_linear = non_linear
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bottleneck, hidden = self.sizes.bottleneck, self.sizes.hidden

        def block(dilation: int) -> nn.Module:
            return residual(
                conv1x1=pointwise(bottleneck, hidden, bias=True),
                prelu1=nn.PReLU(),
                lnorm1=_norm_of_funcwj(norm, hidden),
                dconv=depthwise(self.sizes, dilation, causal=causal, bias=True),
                cut=cut_if(causal, self.sizes, dilation),
                prelu2=nn.PReLU(),
                lnorm2=_norm_of_funcwj(norm, hidden),
                sconv=pointwise(hidden, bottleneck, bias=True),
            )

        self.encoder_1d = nn.Conv1d(1, filters, kernel, stride)
        self.ln = _layer_norm(filters)
        self.proj = pointwise(filters, bottleneck, bias=True)
        self.repeats = stack(self.sizes, block)
        self.mask = pointwise(bottleneck, self.sizes.sources * filters, bias=True)
        self.decoder_1d = nn.ConvTranspose1d(filters, 1, kernel, stride)

    def forward(self, samples: Tensor) -> Tensor:
        """Separate; the output ends with the last whole frame."""
        features = self.encoder_1d(samples[:, None]).relu()
        scores = self.mask(self.repeats(self.proj(self.ln(features))))
        return decoded(self.decoder_1d, masked(features, scores, self.sizes.sources, self.non_linear))

    def content(self) -> dict[str, Any]:
        optimizer = untrained_optimizer(self)
        return {"epoch": 3, "model_state_dict": self.state_dict(), "optim_state_dict": optimizer}


class _JusperLeeBlock(nn.Module):
    """A block whose second PReLU and norm are in the file and never called."""

    def __init__(self, net: JusperLee, dilation: int, norm: str, causal: bool) -> None:
        super().__init__()
        sizes = net.sizes
        self.conv1x1 = pointwise(sizes.bottleneck, sizes.hidden, bias=True)
        self.PReLU_1 = nn.PReLU()
        self.norm_1 = _norm_of_jusperlee(norm, sizes.hidden)
        self.dwconv = depthwise(sizes, dilation, causal=causal, bias=True)
        self.PReLU_2 = nn.PReLU()
        self.norm_2 = _norm_of_jusperlee(norm, sizes.hidden)
        self.Sc_conv = pointwise(sizes.hidden, sizes.bottleneck, bias=True)
        self.cut = cut_if(causal, sizes, dilation)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden: Tensor = self.norm_1(self.PReLU_1(self.conv1x1(inputs)))
        hidden = self.Sc_conv(self.cut(self.dwconv(hidden)))
        return inputs + hidden


def _norm_of_jusperlee(kind: str, channels: int) -> nn.Module:
    if kind == "gln":
        return Norm(channels, over="clip", eps=1e-5, names=("weight", "bias"), shape=(-1, 1))
    return _layer_norm(channels) if kind == "cln" else nn.BatchNorm1d(channels)


class JusperLee(ForeignNet):
    """JusperLee/Conv-TasNet, ``Conv_TasNet_Pytorch``: biases, and no activation behind the encoder."""

    def __init__(self, *, norm: str = "gln", causal: bool = False, activate: str = "relu", **sizes: int) -> None:
        super().__init__(sizes)
        self.activate = activate
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        self.encoder = nn.Conv1d(1, filters, kernel, stride)
        self.LayerN_S = _layer_norm(filters)
        self.BottleN_S = pointwise(filters, self.sizes.bottleneck, bias=True)
        self.separation = stack(self.sizes, lambda dilation: _JusperLeeBlock(self, dilation, norm, causal))
        self.gen_masks = pointwise(self.sizes.bottleneck, self.sizes.sources * filters, bias=True)
        self.decoder = nn.ConvTranspose1d(filters, 1, kernel, stride)

    def forward(self, samples: Tensor) -> Tensor:
        """Separate; the output ends with the last whole frame."""
        features = self.encoder(samples[:, None])
        scores = self.gen_masks(self.separation(self.BottleN_S(self.LayerN_S(features))))
        return decoded(self.decoder, masked(features, scores, self.sizes.sources, self.activate))

    def content(self) -> dict[str, Any]:
        optimizer = untrained_optimizer(self)
        return {"epoch": 3, "model_state_dict": self.state_dict(), "optim_state_dict": optimizer}


class JusperLeeLightning(ForeignNet):
    """JusperLee/Conv-TasNet, ``Conv-TasNet_lightning``: one norm for all; cLN is causal, gLN is not.

    There must be as many hidden channels as filters. Batch norm fails there, in the residual sum. Softmax names no
    axis, and what torch then takes is the batch: of one clip alone, every mask is one.
    """

    def __init__(self, *, norm: str = "gLN", activate: str = "relu", **sizes: int) -> None:
        super().__init__({"hidden": sizes.get("filters", 12), **sizes})
        self.activate = activate
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bottleneck, hidden = self.sizes.bottleneck, self.sizes.hidden

        def block(dilation: int) -> nn.Module:
            return residual(
                conv1x1=pointwise(bottleneck, hidden, bias=True),
                prelu1=nn.PReLU(),
                norm1=_norm_of_funcwj(norm, hidden),
                dwconv=depthwise(self.sizes, dilation, causal=norm == "cLN", bias=True),
                cut=cut_if(norm == "cLN", self.sizes, dilation),
                prelu2=nn.PReLU(),
                norm2=_norm_of_funcwj(norm, hidden),
                sconv=pointwise(hidden, bottleneck, bias=True),
            )

        self.encoder = nn.ModuleDict(
            {
                "encoder": nn.Conv1d(1, filters, kernel, stride),
                "norm": _norm_of_funcwj(norm, filters),
                "conv1x1": pointwise(filters, bottleneck, bias=True),
            }
        )
        repeats = (chain(tcn=repeat) for repeat in stack(self.sizes, block))
        self.separation = chain(sep=nn.Sequential(*repeats))
        self.decoder = chain(decoder=nn.ConvTranspose1d(hidden, 1, kernel, stride))
        self.mask = pointwise(bottleneck, self.sizes.sources * hidden, bias=True)

    def forward(self, samples: Tensor) -> Tensor:
        """Separate; the output ends with the last whole frame."""
        features = self.encoder["encoder"](samples[:, None])
        scores = self.mask(self.separation(self.encoder["conv1x1"](self.encoder["norm"](features))))
        features = masked(features, scores, self.sizes.sources, self.activate, softmax_over=0)
        return decoded(self.decoder, features)

    def content(self) -> dict[str, Any]:
        counters = {"epoch": 2, "global_step": 20, "pytorch-lightning_version": "0.8.4"}
        return {**counters, "state_dict": self.state_dict(), "optimizer_states": []}


class _ScaledPointwise(nn.Conv1d):
    """A pointwise convolution whose whole output, bias included, is multiplied by a number that is learnt."""

    def __init__(self, inputs: int, outputs: int, scale: float) -> None:
        super().__init__(inputs, outputs, 1)
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs) * self.scale


class ApsTimeTcn(ForeignNet):
    """funcwj/aps, ``time_tcn``, without ``skip_residual``; ``scaling_param=True`` is what leaves the scales out.

    What it calls cLN, the bottleneck's norm always, is normalised over the whole clip.
    """

    def __init__(
        self,
        *,
        norm: str = "BN",
        causal: bool = False,
        non_linear: str = "relu",
        scaling_param: bool = False,
        **sizes: int,
    ) -> None:
        super().__init__(sizes)
        self.non_linear = non_linear
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bottleneck, hidden = self.sizes.bottleneck, self.sizes.hidden

        def linear(inputs: int, outputs: int, dilation: int) -> nn.Module:
            if scaling_param:
                return pointwise(inputs, outputs, bias=True)
            return _ScaledPointwise(inputs, outputs, 0.9 ** (dilation.bit_length() - 1))

        def block(dilation: int) -> nn.Module:
            return residual(
                conv1=linear(bottleneck, hidden, dilation),
                norm1=nn.Sequential(nn.PReLU(), _norm_of_aps(norm, hidden)),
                dconv=depthwise(self.sizes, dilation, causal=causal, bias=True),
                cut=cut_if(causal, self.sizes, dilation),
                norm2=nn.Sequential(nn.PReLU(), _norm_of_aps(norm, hidden)),
                conv2=linear(hidden, bottleneck, dilation),
            )

        self.encoder = nn.Conv1d(1, filters, kernel, stride)
        self.ln = _norm_of_aps("cLN", filters)
        self.proj = pointwise(filters, bottleneck, bias=True)
        self.conv = chain(repeat=stack(self.sizes, block))
        self.mask = nn.Sequential(nn.PReLU(), pointwise(bottleneck, self.sizes.sources * filters, bias=True))
        self.decoder = nn.ConvTranspose1d(filters, 1, kernel, stride)

    def forward(self, samples: Tensor) -> Tensor:
        """Separate; the output ends with the last whole frame."""
        features = self.encoder(samples[:, None]).relu()
        scores = self.mask(self.conv(self.proj(self.ln(features))))
        return decoded(self.decoder, masked(features, scores, self.sizes.sources, self.non_linear))

    def content(self) -> dict[str, Any]:
        counters = {"epoch": 1, "step": 10, "num_parameters": 1.0, "loss": 0.1}
        return {**counters, "model_state": self.state_dict(), "optimizer_state": untrained_optimizer(self)}


def _norm_of_aps(kind: str, channels: int) -> nn.Module:
    if kind == "gLN":
        return Norm(channels, over="clip", eps=1e-5, shape=(-1, 1))
    if kind == "BN":
        return nn.BatchNorm1d(channels)
    return nn.GroupNorm({"cLN": 1, "IN": channels}[kind], channels)


class WangKenpu(ForeignNet):
    """wangkenpu/Conv-TasNet-PyTorch: never causal; samples that no frame reaches are the decoder's bias."""

    def __init__(self, *, normalization_type: str = "gLN", active_func: str = "relu", **sizes: int) -> None:
        super().__init__(sizes)
        self.active_func = active_func
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bottleneck, hidden = self.sizes.bottleneck, self.sizes.hidden

        def block(dilation: int) -> nn.Module:
            return residual(
                conv1=nn.Sequential(pointwise(bottleneck, hidden, bias=True), nn.PReLU()),
                norm1=_norm_of_wangkenpu(normalization_type, hidden),
                dconv=nn.Sequential(depthwise(self.sizes, dilation, causal=False, bias=True), nn.PReLU()),
                norm2=_norm_of_wangkenpu(normalization_type, hidden),
                conv2=pointwise(hidden, bottleneck, bias=True),
            )

        self.encode = nn.Sequential(nn.Conv1d(1, filters, kernel, stride), nn.ReLU())
        self.encode_norm = _layer_norm(filters)
        self.conv1 = pointwise(filters, bottleneck, bias=True)
        self.separation = nn.Sequential(
            *(block for repeat in stack(self.sizes, block) for block in repeat.children())
        )
        self.conv2 = pointwise(bottleneck, self.sizes.sources * filters, bias=True)
        self.decode = nn.ConvTranspose1d(filters, 1, kernel, stride)

    def forward(self, samples: Tensor) -> Tensor:
        features = self.encode(samples[:, None])
        scores = self.conv2(self.separation(self.conv1(self.encode_norm(features))))
        features = masked(features, scores, self.sizes.sources, self.active_func).flatten(0, 1)
        signal: Tensor = self.decode(features, output_size=[samples.shape[-1]])
        return signal.reshape(len(samples), self.sizes.sources, -1)

    def content(self) -> dict[str, Any]:
        counters = {"epoch": 3, "step": 30}
        return {"model": self.state_dict(), "optimizer": untrained_optimizer(self), **counters}


def _norm_of_wangkenpu(kind: str, channels: int) -> nn.Module:
    if kind == "gLN":
        return Norm(channels, over="clip", eps=1e-5, shape=(-1,))
    return _layer_norm(channels) if kind == "cLN" else nn.BatchNorm1d(channels)


class _CumulativeNorm(Norm):
    """The weights of a norm over all that came before, which no reader can turn into one of the others."""

    def __init__(self, channels: int, names: tuple[str, str]) -> None:
        super().__init__(channels, over="clip", eps=0, names=names)

    def forward(self, inputs: Tensor) -> Tensor:
        raise NotImplementedError("a cumulative norm is here by its weights' names only")


def _summed_skips(blocks: Iterable[nn.Module], inputs: Tensor) -> Tensor:
    """Go through blocks that give the next one's input and a skip; return the sum of the skips."""
    total = torch.zeros(())
    for block in blocks:
        inputs, skip = block(inputs)
        total = total + skip
    return total


class _NaplabBlock(nn.Module):
    def __init__(self, net: Naplab, dilation: int) -> None:
        super().__init__()
        sizes = net.sizes
        self.conv1d = pointwise(sizes.bottleneck, sizes.hidden, bias=True)
        self.dconv1d = depthwise(sizes, dilation, causal=net.causal, bias=True)
        self.res_out = pointwise(sizes.hidden, sizes.bottleneck, bias=True)
        self.nonlinearity1 = nn.PReLU()
        self.nonlinearity2 = nn.PReLU()
        self.reg1 = net.norm(sizes.hidden)
        self.reg2 = net.norm(sizes.hidden)
        self.skip_out = pointwise(sizes.hidden, sizes.bottleneck, bias=True)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.reg1(self.nonlinearity1(self.conv1d(inputs)))
        hidden = self.reg2(self.nonlinearity2(self.dconv1d(hidden)))
        return inputs + self.res_out(hidden), self.skip_out(hidden)


class Naplab(ForeignNet):
    """naplab/Conv-TasNet, the authors' own: sigmoid masks, four hidden channels a bottleneck channel.

    A causal one has cumulative norms and can't be run here. Its padding fits three taps only.
    """

    def __init__(self, *, causal: bool = False, **sizes: int) -> None:
        super().__init__({**sizes, "hidden": 4 * sizes.get("bottleneck", 6)})
        self.causal = causal
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        bottleneck, outputs = self.sizes.bottleneck, self.sizes.sources * filters
        blocks = stack(self.sizes, lambda dilation: _NaplabBlock(self, dilation))
        self.encoder = nn.Conv1d(1, filters, kernel, stride, bias=False)
        self.TCN = nn.ModuleDict(
            {
                "LN": self.norm(filters),
                "BN": pointwise(filters, bottleneck, bias=True),
                "TCN": nn.Sequential(*(block for repeat in blocks for block in repeat.children())),
                "output": nn.Sequential(nn.PReLU(), pointwise(bottleneck, outputs, bias=True)),
            }
        )
        self.decoder = nn.ConvTranspose1d(filters, 1, kernel, stride, bias=False)

    def norm(self, channels: int) -> nn.Module:
        if self.causal:
            return _CumulativeNorm(channels, ("gain", "bias"))
        return nn.GroupNorm(1, channels, eps=1e-8)

    def forward(self, samples: Tensor) -> Tensor:
        kernel, stride = self.sizes.kernel, self.sizes.stride
        behind = kernel - (stride + samples.shape[-1] % kernel) % kernel + stride
        features = self.encoder(functional.pad(samples, (stride, behind))[:, None])
        bottleneck = self.TCN["BN"](self.TCN["LN"](features))
        scores = self.TCN["output"](_summed_skips(self.TCN["TCN"].children(), bottleneck))
        signal = decoded(self.decoder, masked(features, scores, self.sizes.sources, "sigmoid"))
        return signal[..., stride:-behind]


class _Tky823Block(nn.Module):
    def __init__(self, net: Tky823, dilation: int, last: bool) -> None:
        super().__init__()
        sizes = net.sizes
        self.bottleneck_conv1d = pointwise(sizes.bottleneck, sizes.hidden, bias=True)
        self.nonlinear1d = nn.PReLU()
        self.norm1d = net.norm(sizes.hidden)
        separable = {
            "depthwise_conv1d": depthwise(sizes, dilation, causal=net.causal, bias=True),
            "nonlinear1d": nn.PReLU(),
            "norm1d": net.norm(sizes.hidden),
            "skip_pointwise_conv1d": pointwise(sizes.hidden, net.skip_channels, bias=True),
        }
        if not last:
            separable["output_pointwise_conv1d"] = pointwise(sizes.hidden, sizes.bottleneck, bias=True)
        self.separable_conv1d = nn.ModuleDict(separable)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.separable_conv1d
        hidden = self.norm1d(self.nonlinear1d(self.bottleneck_conv1d(inputs)))
        hidden = parts["norm1d"](parts["nonlinear1d"](parts["depthwise_conv1d"](hidden)))
        if "output_pointwise_conv1d" in parts:
            inputs = inputs + parts["output_pointwise_conv1d"](hidden)
        return inputs, parts["skip_pointwise_conv1d"](hidden)


class Tky823(ForeignNet):
    """tky823/DNN-based_source_separation: softmax goes over all rows of all sources at once.

    A causal one has cumulative norms and can't be run here.
    """

    def __init__(
        self,
        *,
        causal: bool = False,
        enc_nonlinear: str | None = "relu",
        mask_nonlinear: str = "sigmoid",
        skip_channels: int = 10,
        **sizes: int,
    ) -> None:
        super().__init__(sizes)
        self.causal, self.skip_channels = causal, skip_channels
        self.enc_nonlinear, self.mask_nonlinear = enc_nonlinear, mask_nonlinear
        filters, kernel, stride = self.sizes.filters, self.sizes.kernel, self.sizes.stride
        final = (self.sizes.repeats - 1, self.sizes.blocks - 1)
        repeats = [
            chain(net=nn.Sequential(*(self._block(r, x, final) for x in range(self.sizes.blocks))))
            for r in range(self.sizes.repeats)
        ]
        self.encoder = chain(conv1d=nn.Conv1d(1, filters, kernel, stride, bias=False))
        self.separator = nn.ModuleDict(
            {
                "norm1d": self.norm(filters),
                "bottleneck_conv1d": pointwise(filters, self.sizes.bottleneck, bias=True),
                "tdcn": chain(net=nn.Sequential(*repeats)),
                "prelu": nn.PReLU(),
                "mask_conv1d": pointwise(skip_channels, self.sizes.sources * filters, bias=True),
            }
        )
        self.decoder = chain(conv_transpose1d=nn.ConvTranspose1d(filters, 1, kernel, stride, bias=False))

    def _block(self, repeat: int, x: int, final: tuple[int, int]) -> nn.Module:
        return _Tky823Block(self, 2**x, (repeat, x) == final)

    def norm(self, channels: int) -> nn.Module:
        if self.causal:
            return _CumulativeNorm(channels, ("gamma", "beta"))
        return chain(norm=nn.GroupNorm(1, channels, eps=1e-12))

    def forward(self, samples: Tensor) -> Tensor:
        padding = -(samples.shape[-1] - self.sizes.kernel) % self.sizes.stride
        front, behind = padding // 2, padding - padding // 2
        features = self.encoder(functional.pad(samples, (front, behind))[:, None])
        if self.enc_nonlinear == "relu":
            features = features.relu()
        parts = self.separator
        blocks = [module for module in parts["tdcn"].modules() if isinstance(module, _Tky823Block)]
        skips = _summed_skips(blocks, parts["bottleneck_conv1d"](parts["norm1d"](features)))
        scores = parts["mask_conv1d"](parts["prelu"](skips))
        activation = self.mask_nonlinear
        if activation == "softmax":
            scores, activation = scores.softmax(1), "linear"
        signal = decoded(self.decoder, masked(features, scores, self.sizes.sources, activation))
        return functional.pad(signal, (-front, -behind))

    def content(self) -> dict[str, Any]:
        settings = {
            "in_channels": 1,
            "n_basis": self.sizes.filters,
            "kernel_size": self.sizes.kernel,
            "stride": self.sizes.stride,
            "enc_basis": "trainable",
            "dec_basis": "trainable",
            "enc_nonlinear": self.enc_nonlinear,
            "window_fn": None,
            "enc_onesided": None,
            "enc_return_complex": None,
            "sep_hidden_channels": self.sizes.hidden,
            "sep_bottleneck_channels": self.sizes.bottleneck,
            "sep_skip_channels": self.skip_channels,
            "sep_kernel_size": self.sizes.taps,
            "sep_num_blocks": self.sizes.repeats,
            "sep_num_layers": self.sizes.blocks,
            "dilated": True,
            "separable": True,
            "causal": self.causal,
            "sep_nonlinear": "prelu",
            "sep_norm": True,
            "mask_nonlinear": self.mask_nonlinear,
            "n_sources": self.sizes.sources,
            "eps": 1e-12,
        }
        losses = {"best_loss": 1.0, "train_loss": torch.zeros(2), "val_loss": torch.zeros(2)}
        weights = {"state_dict": self.state_dict(), "optim_dict": untrained_optimizer(self)}
        return {**settings, **weights, **losses, "no_improvement": 0, "epoch": 2}


def speechbrain(seed: int = 0, **options: Any) -> SpeechBrain:
    return drawn(SpeechBrain, seed, options)


def funcwj(seed: int = 0, **options: Any) -> FuncWj:
    return drawn(FuncWj, seed, options)


def jusperlee(seed: int = 0, **options: Any) -> JusperLee:
    return drawn(JusperLee, seed, options)


def jusperlee_lightning(seed: int = 0, **options: Any) -> JusperLeeLightning:
    return drawn(JusperLeeLightning, seed, options)


def aps_time_tcn(seed: int = 0, **options: Any) -> ApsTimeTcn:
    return drawn(ApsTimeTcn, seed, options)


def wangkenpu(seed: int = 0, **options: Any) -> WangKenpu:
    return drawn(WangKenpu, seed, options)


def naplab(seed: int = 0, **options: Any) -> Naplab:
    return drawn(Naplab, seed, options)


def tky823(seed: int = 0, **options: Any) -> Tky823:
    return drawn(Tky823, seed, options)
