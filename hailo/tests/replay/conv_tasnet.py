"""Conv-TasNet's forward pass, written once; a dialect writes each step as ONNX in its own form."""

from __future__ import annotations

from typing import Protocol

import onnx

from tasnet2hef.base.spec import TasNetSpec


class Dialect(Protocol):
    """How one export writes the steps of the net; tensors are names, `path` is the weights' prefix."""

    def encode(self) -> str:
        """Turn samples into the representation of N features."""

    def norm(self, source: str, path: str, channels: int) -> str:
        """Standardise over features and frames, then scale and shift each feature."""

    def prelu(self, source: str, path: str, channels: int) -> str:
        """Apply a ReLU with slopes."""

    def pointwise(self, source: str, path: str, before: int, after: int) -> str:
        """Convolve each frame by itself, with bias."""

    def depthwise(self, source: str, path: str, channels: int, dilation: int) -> str:
        """Convolve each feature along the frames, with bias."""

    def no_skip(self) -> str:
        """Return the zero that the skip sum starts from."""

    def add(self, first: str, second: str) -> str:
        """Add two tensors."""

    def separate(self, scores: str, representation: str) -> onnx.ModelProto:
        """Mask the representation, decode each source and return the model."""


def write(net: Dialect, spec: TasNetSpec) -> onnx.ModelProto:
    """Write the whole net in a dialect; the last block's residual is written and then dropped as dead."""
    representation = net.encode()
    normed = net.norm(representation, "masker.bottleneck.0", spec.n_filters)
    stream = net.pointwise(normed, "masker.bottleneck.1", spec.n_filters, spec.bn_chan)
    skip = net.no_skip()
    for index, dilation in enumerate(spec.dilations):
        path = f"masker.TCN.{index}"
        hidden = _block(net, spec, stream, path, dilation)
        residual = net.pointwise(hidden, f"{path}.res_conv", spec.hid_chan, spec.bn_chan)
        skipped = net.pointwise(hidden, f"{path}.skip_conv", spec.hid_chan, spec.skip_chan)
        skip = net.add(skip, skipped)
        stream = net.add(stream, residual)
    active = net.prelu(skip, "masker.mask_net.0", spec.skip_chan)
    scores = net.pointwise(active, "masker.mask_net.1", spec.skip_chan, spec.n_src * spec.n_filters)
    return net.separate(scores, representation)


def _block(net: Dialect, spec: TasNetSpec, stream: str, path: str, dilation: int) -> str:
    wide = spec.hid_chan
    hidden = net.pointwise(stream, f"{path}.shared_block.0", spec.bn_chan, wide)
    active = net.prelu(hidden, f"{path}.shared_block.1", wide)
    normed = net.norm(active, f"{path}.shared_block.2", wide)
    convolved = net.depthwise(normed, f"{path}.shared_block.3", wide, dilation)
    active = net.prelu(convolved, f"{path}.shared_block.4", wide)
    return net.norm(active, f"{path}.shared_block.5", wide)


def frames_of(spec: TasNetSpec, samples: int) -> int:
    """Return the frames of a clip.

    >>> frames_of(TasNetSpec(n_src=2), 16000)
    1999
    """
    return (samples - spec.kernel_size) // spec.stride + 1


def reach_of(spec: TasNetSpec, dilation: int) -> int:
    """Return the zeros that a depthwise convolution needs on either side."""
    return (spec.conv_kernel_size - 1) * dilation // 2


MASK_OPERATORS = {"sigmoid": "Sigmoid", "relu": "Relu"}
