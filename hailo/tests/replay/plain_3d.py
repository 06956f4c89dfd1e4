"""The plain attempt: Asteroid's net as PyTorch's script exporter writes it, 3-D from end to end."""

from __future__ import annotations

from typing import Any

import onnx

from tasnet2hef.base.spec import TasNetSpec
from tests.replay.conv_tasnet import MASK_OPERATORS, frames_of, reach_of, write
from tests.replay.onnx_writer import OnnxWriter

PLAIN_SPEC = TasNetSpec(n_src=2)
_LAST = -(2**63) + 1  # "down to the first", as the exporter writes an open slice


def build(spec: TasNetSpec = PLAIN_SPEC, samples: int = 16000) -> onnx.ModelProto:
    """Return the plain export, opset 17."""
    return write(_Plain(spec, samples), spec)


class _Plain:
    def __init__(self, spec: TasNetSpec, samples: int) -> None:
        self._spec, self._samples = spec, samples
        self._out = OnnxWriter()
        self._epsilon = self._out.floats("epsilon", 1e-8)

    def _step(self, op_type: str, inputs: list[str], path: str, **attributes: Any) -> str:
        name = self._out.fresh("/" + "/".join([*path.split("/"), op_type]))
        return self._out.node(op_type, inputs, name, f"{name}_output_0", **attributes)

    def encode(self) -> str:
        spec = self._spec
        weight = self._out.weight("encoder.filterbank._filters", [spec.n_filters, 1, spec.kernel_size])
        return self._step(
            "Conv", ["mixture", weight], "encoder", **_window(spec.kernel_size, strides=[spec.stride])
        )

    def norm(self, source: str, path: str, channels: int) -> str:
        def step(op_type: str, *inputs: str, **attributes: Any) -> str:
            return self._step(op_type, list(inputs), path, **attributes)

        mean, mean_again = (step("ReduceMean", source, axes=[1, 2], keepdims=1) for _ in range(2))
        centred = step("Sub", source, mean_again)
        variance = step("ReduceMean", step("Mul", centred, centred), axes=[1, 2], keepdims=1)
        centred = step("Sub", source, mean)
        scaled = step("Div", centred, step("Sqrt", step("Add", variance, self._epsilon)))
        gain, shift = (self._out.weight(f"{path}.{part}", [channels]) for part in ("gamma", "beta"))
        turned = step("Transpose", scaled, perm=[0, 2, 1])
        return step("Transpose", step("Add", step("Mul", gain, turned), shift), perm=[0, 2, 1])

    def prelu(self, source: str, path: str, channels: int) -> str:
        return self._step("PRelu", [source, self._out.floats(f"{path}.weight", [[0.25]])], path)

    def pointwise(self, source: str, path: str, before: int, after: int) -> str:
        return self._conv(source, path, [after, before, 1])

    def depthwise(self, source: str, path: str, channels: int, dilation: int) -> str:
        reach = reach_of(self._spec, dilation)
        settings = {"group": channels, "pads": [reach, reach], "dilations": [dilation]}
        return self._conv(source, path, [channels, 1, self._spec.conv_kernel_size], **settings)

    def _conv(self, source: str, path: str, shape: list[int], **settings: object) -> str:
        weight = self._out.weight(f"{path}.weight", shape)
        bias = self._out.weight(f"{path}.bias", shape[:1])
        return self._step("Conv", [source, weight, bias], path, **_window(shape[2], **settings))

    def no_skip(self) -> str:
        return self._out.floats("/masker/Constant_output_0", [0.0])

    def add(self, first: str, second: str) -> str:
        return self._step("Add", [first, second], "masker")

    def separate(self, scores: str, representation: str) -> onnx.ModelProto:
        spec, frames = self._spec, frames_of(self._spec, self._samples)
        masks = self._reshape(scores, "masker", [1, spec.n_src, spec.n_filters, frames])
        masks = self._step(MASK_OPERATORS[spec.mask_act], [masks], "masker.output_act")
        one = self._out.integers("one", [1])
        masked = self._step("Mul", [masks, self._step("Unsqueeze", [representation, one], "masks")], "masks")
        folded = self._reshape(masked, "decoder", [-1, spec.n_filters, frames])
        weight = self._out.weight("decoder.filterbank._filters", [spec.n_filters, 1, spec.kernel_size])
        window = _window(spec.kernel_size, strides=[spec.stride])
        waves = self._step("ConvTranspose", [folded, weight], "decoder", **window)
        self._pad(self._reshape(waves, "decoder", [1, spec.n_src, -1]))
        shape: list[int | str] = [f"Padsources_dim_{axis}" for axis in range(3)]
        return self._out.model("plain_3d", 17, ("mixture", [1, 1, self._samples]), ("sources", shape))

    def _pad(self, waves: str) -> None:
        """Pad the end to the mixture's length, by amounts that the exporter works out in nodes."""
        rest = self._samples - (frames_of(self._spec, self._samples) - 1) * self._spec.stride
        own = self._out.integers("pads", [0, rest - self._spec.kernel_size])
        others = self._step("ConstantOfShape", [self._out.integers("four", [4])], "pad", value=_zero())
        pairs = self._reshape(self._step("Concat", [own, others], "pad", axis=0), "pad", [-1, 2])
        numbers = {"start": -1, "end": _LAST, "axis": 0, "step": -1}
        ends = [self._out.integers(name, [number]) for name, number in numbers.items()]
        turned = self._step("Transpose", [self._step("Slice", [pairs, *ends], "pad")], "pad", perm=[1, 0])
        amounts = self._step("Cast", [self._reshape(turned, "pad", [-1])], "pad", to=onnx.TensorProto.INT64)
        self._out.node("Pad", [waves, amounts, ""], "/pad/Pad", "sources", mode="constant")

    def _reshape(self, source: str, path: str, shape: list[int]) -> str:
        target = self._out.integers(self._out.fresh(f"{path}.shape"), shape)
        return self._step("Reshape", [source, target], path, allowzero=0)


def _window(kernel: int, **settings: object) -> dict[str, object]:
    return {"kernel_shape": [kernel], "group": 1, "strides": [1], "dilations": [1], "pads": [0, 0], **settings}


def _zero() -> onnx.TensorProto:
    return onnx.helper.make_tensor("value", onnx.TensorProto.INT64, [1], [0])
