"""Kernel windows: kernel, strides, dilations and pads of an ONNX node, and HN's name for the padding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

Pair = tuple[int, int]


@dataclass(frozen=True)
class KernelWindow:
    """A kernel window over (height, width); `pads` are (before, after) per axis, in rows and columns."""

    kernel: Pair
    strides: Pair
    dilations: Pair
    pads: tuple[Pair, Pair]
    ceil: bool = False

    def extent(self, axis: int) -> int:
        """Return how many rows (axis 0) or columns (axis 1) the window spans."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1

    def output_size(self, axis: int, size: int) -> int:
        """Return the output size along `axis` of an input of `size`."""
        span = size + sum(self.pads[axis]) - self.extent(axis)
        return (-(-span // self.strides[axis]) if self.ceil else span // self.strides[axis]) + 1


def read_kernel_window(node: OnnxNode, source: Value, kernel: tuple[int, ...]) -> KernelWindow:
    """Return a node's kernel window over the spatial axes of `source`, in any ONNX order and number."""
    letters = source.layout[2:]
    if len(letters) != len(kernel) or not set(letters) <= {"H", "W"}:
        raise Unsupported(f"a kernel of {len(kernel)} axes on a tensor with axes {source.layout}")
    strides = _per_letter(node, "strides", letters)
    dilations = _per_letter(node, "dilations", letters)
    kernels = dict(zip(letters, kernel, strict=True))
    sizes = (letter_size(source.shape, "H"), letter_size(source.shape, "W"))
    window = KernelWindow(
        kernel=(kernels.get("H", 1), kernels.get("W", 1)),
        strides=(strides.get("H", 1), strides.get("W", 1)),
        dilations=(dilations.get("H", 1), dilations.get("W", 1)),
        pads=((0, 0), (0, 0)),
        ceil=bool(node.integer("ceil_mode", 0)),
    )
    pads = _pads(node, window, letters, sizes)
    return KernelWindow(window.kernel, window.strides, window.dilations, pads, window.ceil)


def kernel_window_params(window: KernelWindow, padding: str) -> dict[str, ParamValue]:
    """Return the strides, dilations and padding of a convolution as HN writes them."""
    return {
        "strides": (1, *window.strides, 1),
        "dilations": (1, *window.dilations, 1),
        "padding": padding,
    }


def apply_padding(node: OnnxNode, build: Builder, source: Value, window: KernelWindow) -> tuple[Value, str, Shape]:
    """Return the source, HN's name for the padding and the NHWC output shape.

    Where HN has no name for the padding, an `external_pad` layer is added, and the name is VALID.  The output
    keeps the source's features.  Raises GraphError where the kernel window is larger than its input.
    """
    height, width = (letter_size(source.shape, letter) for letter in "HW")
    rows, columns = window.output_size(0, height), window.output_size(1, width)
    if rows < 1 or columns < 1:
        raise GraphError(
            f"{node.where()}: a kernel window of {window.extent(0)} x {window.extent(1)} does not fit its input "
            f"of {height} x {width}; export with a longer input"
        )
    output = with_sizes(source.shape, H=rows, W=columns)
    padding = _padding_name(window, (height, width))
    if padding:
        return source, padding, output
    return external_pad(node, build, source, window.pads), "VALID", output


def external_pad(node: OnnxNode, build: Builder, source: Value, pads: tuple[Pair, Pair]) -> Value:
    """Add a layer that pads rows and columns with zeros (recorded for causal depthwise convolutions)."""
    (top, bottom), (left, right) = pads
    shape = with_sizes(
        source.shape,
        H=letter_size(source.shape, "H") + top + bottom,
        W=letter_size(source.shape, "W") + left + right,
    )
    params: Mapping[str, ParamValue] = {"padding": ((0, 0), (top, bottom), (left, right), (0, 0))}
    return build.add(node, "external_pad", [source], shape, params, layout=source.layout)


def _per_letter(node: OnnxNode, name: str, letters: str) -> dict[str, int]:
    values = node.integers(name)
    if values is None:
        return {}
    if len(values) != len(letters):
        raise GraphError(f"{node.where()}: {name} {list(values)}, expected {len(letters)} numbers")
    return dict(zip(letters, values, strict=True))


def _pads(node: OnnxNode, window: KernelWindow, letters: str, sizes: Pair) -> tuple[Pair, Pair]:
    auto = node.text("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        both = (_same(window, 0, sizes[0]), _same(window, 1, sizes[1]))
        return both if auto == "SAME_UPPER" else (both[0][::-1], both[1][::-1])
    pads = node.integers("pads") if auto == "NOTSET" else None
    if pads is None:
        return ((0, 0), (0, 0))
    if len(pads) != 2 * len(letters) or min(pads) < 0:
        raise GraphError(
            f"{node.where()}: pads {list(pads)}, expected {2 * len(letters)} numbers from 0 up; export again"
        )
    per = {letter: (pads[i], pads[i + len(letters)]) for i, letter in enumerate(letters)}
    return (per.get("H", (0, 0)), per.get("W", (0, 0)))


def _same(window: KernelWindow, axis: int, size: int) -> Pair:
    """Return TensorFlow's "same" padding along an axis: the odd row is added at the end."""
    stride = window.strides[axis]
    total = max((-(-size // stride) - 1) * stride + window.extent(axis) - size, 0)
    return (total // 2, total - total // 2)


def _padding_name(window: KernelWindow, sizes: Pair) -> str:
    if window.pads == ((0, 0), (0, 0)):
        return "VALID"
    if window.pads == (_same(window, 0, sizes[0]), _same(window, 1, sizes[1])):
        return "SAME_TENSORFLOW"
    halves = [(window.extent(axis) - 1) // 2 for axis in (0, 1)]
    if window.pads == ((halves[0], halves[0]), (halves[1], halves[1])):
        return "SAME"  # symmetric, as Caffe and PyTorch pad before a stride [inferred]
    return ""
