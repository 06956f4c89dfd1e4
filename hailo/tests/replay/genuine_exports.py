"""What PyTorch's exporters really write for the attempts, as loaded graphs, from genuine Asteroid nets."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.asteroid_oracle import asteroid_conv_tasnet


def export_plain(spec: TasNetSpec, samples: int, file: Path) -> OpenedGraph:
    """Export Asteroid's net as it is, by the script exporter (the graph exporter fails on gLN)."""
    return _export(_asteroid(spec), torch.zeros(1, 1, samples), file, opset=17, dynamo=False)


def export_tall(spec: TasNetSpec, samples: int, file: Path) -> OpenedGraph:
    """Export the same net with its parts swapped for 4-D ones, frames on H, by the graph exporter."""
    return _export(_Tall(_asteroid(spec), spec), torch.zeros(1, 1, samples, 1), file, opset=18, dynamo=True)


def export_slopes(channels: int, file: Path, *, dynamo: bool) -> OpenedGraph:
    """Export a PReLU with a slope per channel on a 4-D tensor."""
    return _export(nn.PReLU(channels).eval(), torch.zeros(1, channels, 7, 1), file, opset=18, dynamo=dynamo)


def _asteroid(spec: TasNetSpec) -> nn.Module:
    options = spec.as_dict()
    for name in ("encoder_padding", "fb_name"):  # the first is torchaudio's, the second the default
        del options[name]
    return asteroid_conv_tasnet(**{**options, "out_chan": None, "encoder_activation": None})


def _export(net: nn.Module, example: Tensor, file: Path, *, opset: int, dynamo: bool) -> OpenedGraph:
    settings = {"input_names": ["mixture"], "output_names": ["sources"], "opset_version": opset}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # deprecations in PyTorch's own code
        torch.onnx.export(net, (example,), file, dynamo=dynamo, **settings)
    return OpenedGraph.read(file)


class _Tall(nn.Module):
    """Asteroid's net after a search for 1-D parts and their replacement, its PReLUs left alone."""

    def __init__(self, net: nn.Module, spec: TasNetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.masker = _with_4d_parts(net.masker)
        shape = (spec.kernel_size, 1)
        self.encoder = nn.Conv2d(1, spec.n_filters, shape, stride=(spec.stride, 1), bias=False)
        self.decoder = nn.ConvTranspose2d(spec.n_filters, 1, shape, stride=(spec.stride, 1), bias=False)

    def forward(self, mixture: Tensor) -> Tensor:
        representation, masker = self.encoder(mixture), self.masker
        stream, skip = masker.bottleneck(representation), torch.tensor([0.0])
        for block in masker.TCN:
            residual, skipped = block(stream)
            skip = skip + skipped
            stream = stream + residual
        scores = masker.output_act(masker.mask_net(skip))
        masks = scores.reshape(self.spec.n_src, self.spec.n_filters, -1, 1)
        return self.decoder(masks * representation.repeat_interleave(self.spec.n_src, dim=0))


class _PatchedNorm(nn.Module):
    def __init__(self, gain: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.gain, self.shift = gain, shift

    def forward(self, source: Tensor) -> Tensor:
        centred = source - source.mean((1, 2), keepdim=True)
        variance = (centred**2).mean((1, 2), keepdim=True)
        gain, shift = self.gain.view(1, -1, 1, 1), self.shift.view(1, -1, 1, 1)
        return gain * (centred / torch.sqrt(variance + 1e-8)) + shift


def _with_4d_parts(net: nn.Module) -> nn.Module:
    for name, part in list(net.named_modules()):
        parent = net.get_submodule(name.rpartition(".")[0])
        if isinstance(part, nn.Conv1d):
            setattr(parent, name.rpartition(".")[2], _conv_2d(part))
        elif type(part).__name__ == "GlobLN":
            setattr(parent, name.rpartition(".")[2], _PatchedNorm(part.gamma, part.beta))
    return net


def _conv_2d(conv: nn.Conv1d) -> nn.Conv2d:
    sizes = {name: (getattr(conv, name)[0], 1) for name in ("kernel_size", "stride", "dilation")}
    padding = (conv.padding[0], 0)
    return nn.Conv2d(conv.in_channels, conv.out_channels, padding=padding, groups=conv.groups, **sizes)
