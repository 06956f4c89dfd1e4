"""The wide attempt: 4-D with the frames on W, PReLU as max, min, mul, add; means in two steps; grouped decoder.

This is the recorded file itself, node for node and name for name, for any size of net.
"""

from __future__ import annotations

import onnx

from tasnet2hef.base.spec import TasNetSpec
from tests.replay.conv_tasnet import MASK_OPERATORS, frames_of, reach_of, write
from tests.replay.onnx_writer import OnnxWriter

WIDE_SPEC = TasNetSpec(n_src=2, mask_act="relu")


def build(spec: TasNetSpec = WIDE_SPEC, samples: int = 16000) -> onnx.ModelProto:
    """Return the wide attempt's export."""
    return write(_Wide(spec, samples), spec)


class _Wide:
    def __init__(self, spec: TasNetSpec, samples: int) -> None:
        self._spec, self._samples = spec, samples
        self._frames = frames_of(spec, samples)
        self._out = OnnxWriter()
        self._out.fresh("pow")  # the exporter starts at pow_1
        self._over_width = self._out.integers("val_8", [3])
        self._over_channels = self._out.integers("val_11", [1])
        self._two = self._out.floats("val_12", 2.0)
        self._zeros: str = ""

    def encode(self) -> str:
        weight = self._out.weight("encoder.weight", [self._spec.n_filters, 1, 1, self._spec.kernel_size])
        strides = [1, self._spec.stride]
        return self._out.node(
            "Conv", ["input", weight], "node_Conv_1729", self._out.fresh("conv2d"), **_window(strides=strides)
        )

    def norm(self, source: str, path: str, channels: int) -> str:
        out = self._out
        centred = out.traced("Sub", [source, self._mean(source)], "sub")
        variance = self._mean(out.traced("Pow", [centred, self._two], "pow"))
        out.fresh("add")  # variance + 1e-8: the exporter takes it for a zero and drops it
        scaled = out.traced("Div", [centred, out.traced("Sqrt", [variance], "sqrt")], "div")
        gain, shift = (out.weight(out.fresh("view"), [1, channels, 1, 1]) for _ in range(2))
        return out.traced("Add", [out.traced("Mul", [scaled, gain], "mul"), shift], "add")

    def _mean(self, source: str) -> str:
        for axes in (self._over_width, self._over_channels):
            source = self._out.traced("ReduceMean", [source, axes], "mean", keepdims=1, noop_with_empty_axes=0)
        return source

    def prelu(self, source: str, path: str, channels: int) -> str:
        out, zeros = self._out, self._zero_maps(channels)
        positive = out.traced("Max", [zeros[0], source], "maximum")
        negative = out.traced("Min", [zeros[1], source], "minimum")
        slope = out.floats(out.fresh("view"), [[[[-0.2]]]])
        return out.traced("Add", [positive, out.traced("Mul", [slope, negative], "mul")], "add")

    def _zero_maps(self, channels: int) -> tuple[str, str]:
        """Return the `zeros_like` of the max and of the min: one computed map of H features, or two stored."""
        names = self._out.fresh("zeros_like"), self._out.fresh("zeros_like")
        shape = [1, channels, 1, self._frames]
        if channels != self._spec.hid_chan:
            return self._out.weight(names[0], shape), self._out.weight(names[1], shape)
        if not self._zeros:
            size = self._out.integers("val_38", shape)
            zero = self._out.floats("val_37", 0.0)
            self._zeros = self._out.node("Expand", [zero, size], f"node_{names[0]}", names[0])
        return self._zeros, self._zeros

    def pointwise(self, source: str, path: str, before: int, after: int) -> str:
        return self._conv(source, path, [after, before, 1, 1])

    def depthwise(self, source: str, path: str, channels: int, dilation: int) -> str:
        reach = reach_of(self._spec, dilation)
        settings = {"group": channels, "pads": [0, reach, 0, reach], "dilations": [1, dilation]}
        return self._conv(source, path, [channels, 1, 1, self._spec.conv_kernel_size], **settings)

    def _conv(self, source: str, path: str, shape: list[int], **settings: object) -> str:
        weight = self._out.weight(f"{path}.weight", shape)
        bias = self._out.weight(f"{path}.bias", shape[:1])
        return self._out.traced("Conv", [source, weight, bias], "conv2d", **_window(**settings))

    def no_skip(self) -> str:
        return self._out.floats("clone", [0.0])

    def add(self, first: str, second: str) -> str:
        return self._out.traced("Add", [first, second], "add")

    def separate(self, scores: str, representation: str) -> onnx.ModelProto:
        out, spec = self._out, self._spec
        operator = MASK_OPERATORS[spec.mask_act]
        masks = out.traced(operator, [scores], operator.lower())
        copies = out.traced("Concat", [representation] * spec.n_src, "cat", axis=1)
        masked = out.traced("Mul", [masks, copies], "mul")
        weight = out.weight("decoder.weight", [spec.n_src * spec.n_filters, 1, 1, spec.kernel_size])
        window = {**_window(group=spec.n_src, strides=[1, spec.stride]), "output_padding": [0, 0]}
        waves = out.traced("ConvTranspose", [masked, weight], "convolution", **window)
        out.node("Squeeze", [waves, out.integers("val_1529", [2])], "node_squeeze", "output")
        length = (self._frames - 1) * spec.stride + spec.kernel_size
        return out.model("wide", 18, ("input", [1, 1, 1, self._samples]), ("output", [1, spec.n_src, length]))


def _window(**settings: object) -> dict[str, object]:
    plain: dict[str, object] = {"group": 1, "strides": [1, 1], "dilations": [1, 1], "pads": [0, 0, 0, 0]}
    return {"auto_pad": "NOTSET", **plain, **settings}
