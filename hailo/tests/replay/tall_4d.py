"""The tall attempt: Conv1d swapped for Conv2d (k, 1), gLN patched to axes 1 and 2, PReLU kept, sources as batch.

As PyTorch's graph exporter writes it, but for the slopes: it gives them four axes, the record has one.
"""

from __future__ import annotations

import onnx

from tasnet2hef.base.spec import TasNetSpec
from tests.replay.conv_tasnet import MASK_OPERATORS, frames_of, reach_of, write
from tests.replay.onnx_writer import OnnxWriter

TALL_SPEC = TasNetSpec(n_src=2)


def build(spec: TasNetSpec = TALL_SPEC, samples: int = 16000, *, slopes: str = "[C]") -> onnx.ModelProto:
    """Return the tall export; slopes are `[C]` as recorded, `[1]`, or `[1, 1, 1, 1]` as PyTorch exports one."""
    return write(_Tall(spec, samples, slopes), spec)


class _Tall:
    def __init__(self, spec: TasNetSpec, samples: int, slopes: str) -> None:
        self._spec, self._samples, self._slopes = spec, samples, slopes
        self._out = OnnxWriter()
        self._out.fresh("pow")  # the exporter starts at pow_1
        self._axes = self._out.integers("val_8", [1, 2])
        self._two = self._out.floats("val_9", 2.0)

    def encode(self) -> str:
        weight = self._out.weight("encoder.weight", [self._spec.n_filters, 1, self._spec.kernel_size, 1])
        window = _window(self._spec.kernel_size, strides=[self._spec.stride, 1])
        return self._out.traced("Conv", ["mixture", weight], "conv2d", **window)

    def norm(self, source: str, path: str, channels: int) -> str:
        out = self._out
        centred = out.traced("Sub", [source, self._mean(source)], "sub")
        variance = self._mean(out.traced("Pow", [centred, self._two], "pow"))
        scaled = out.traced("Div", [centred, out.traced("Sqrt", [variance], "sqrt")], "div")
        gain, shift = (out.weight(f"{path}.{part}", [1, channels, 1, 1]) for part in ("gamma", "beta"))
        return out.traced("Add", [out.traced("Mul", [gain, scaled], "mul"), shift], "add")

    def _mean(self, source: str) -> str:
        return self._out.traced("ReduceMean", [source, self._axes], "mean", keepdims=1, noop_with_empty_axes=0)

    def prelu(self, source: str, path: str, channels: int) -> str:
        shape = {"[C]": [channels], "[1]": [1], "[1, 1, 1, 1]": [1, 1, 1, 1]}[self._slopes]
        return self._out.traced("PRelu", [source, self._out.weight(f"{path}.weight", shape)], "prelu")

    def pointwise(self, source: str, path: str, before: int, after: int) -> str:
        return self._conv(source, path, [after, before, 1, 1])

    def depthwise(self, source: str, path: str, channels: int, dilation: int) -> str:
        reach = reach_of(self._spec, dilation)
        settings = {"group": channels, "pads": [reach, 0, reach, 0], "dilations": [dilation, 1]}
        return self._conv(source, path, [channels, 1, self._spec.conv_kernel_size, 1], **settings)

    def _conv(self, source: str, path: str, shape: list[int], **settings: object) -> str:
        weight = self._out.weight(f"{path}.weight", shape)
        bias = self._out.weight(f"{path}.bias", shape[:1])
        return self._out.traced("Conv", [source, weight, bias], "conv2d", **_window(shape[2], **settings))

    def no_skip(self) -> str:
        return self._out.floats("clone", [0.0])

    def add(self, first: str, second: str) -> str:
        return self._out.traced("Add", [first, second], "add")

    def separate(self, scores: str, representation: str) -> onnx.ModelProto:
        out, spec = self._out, self._spec
        operator = MASK_OPERATORS[spec.mask_act]
        masks = self._fold(out.traced(operator, [scores], operator.lower()), "view", allowzero=1)
        masked = out.traced("Mul", [masks, self._repeat_interleave(representation)], "mul")
        weight = out.weight("decoder.weight", [spec.n_filters, 1, spec.kernel_size, 1])
        window = {**_window(spec.kernel_size, strides=[spec.stride, 1]), "output_padding": [0, 0]}
        waves = out.traced("ConvTranspose", [masked, weight], "convolution", **window)
        length = (frames_of(spec, self._samples) - 1) * spec.stride + spec.kernel_size
        return out.model("tall_4d", 18, ("mixture", [1, 1, self._samples, 1]), (waves, [spec.n_src, 1, length, 1]))

    def _repeat_interleave(self, representation: str) -> str:
        """Repeat the batch once a source: through five dimensions, as PyTorch exports it."""
        out, spec = self._out, self._spec
        five = out.traced("Unsqueeze", [representation, out.integers("val_105", [1])], "unsqueeze")
        shape = [1, spec.n_src, spec.n_filters, frames_of(spec, self._samples), 1]
        repeated = out.traced("Expand", [five, out.integers("val_107", shape)], "expand")
        return self._fold(repeated, "repeat_interleave", allowzero=0)

    def _fold(self, source: str, base: str, allowzero: int) -> str:
        shape = [self._spec.n_src, self._spec.n_filters, frames_of(self._spec, self._samples), 1]
        target = self._out.integers(self._out.fresh("shape"), shape)
        return self._out.traced("Reshape", [source, target], base, allowzero=allowzero)


def _window(kernel: int, **settings: object) -> dict[str, object]:
    plain: dict[str, object] = {"group": 1, "strides": [1, 1], "dilations": [1, 1], "pads": [0, 0, 0, 0]}
    return {"auto_pad": "NOTSET", "kernel_shape": [kernel, 1], **plain, **settings}
