"""Draw activations, elementwise operators, norms, reductions and products."""

from __future__ import annotations

from tests.target.rules.verdicts.pen import Pen, draws
from tests.target.rules.verdicts.shapes import Shape


@draws("PRelu")
def draw_prelu(pen: Pen) -> None:
    """Draw a PReLU; its slopes are a list only where the row says so."""
    features = pen.shape[1] if len(pen.shape) > 1 else 1
    unit = (1,) * (len(pen.shape) - 2)
    stated = pen.row.params.get("slope_shape", pen.row.params.get("weight_shape"))
    if stated == [1]:  # as torch keeps it; its exporters write it with an axis for each of the tensor's
        slope: Shape = (1, *unit)
    elif isinstance(stated, list):
        slope = tuple(int(size) for size in stated)
    elif pen.says(r"1-D|rank[- ]?1|\[C\]|slopes? \[\d+\]|flat slope"):
        slope = (features,)
    elif pen.says(r"per[- ]channel|channel-wise") or (pen.row.number("slopes") or 1) > 1:
        slope = (features, *unit)
    else:
        slope = (1, *unit)
    pen.put("PRelu", pen.draw.weight(*slope))


@draws("PReluByMax")
def draw_prelu_by_max(pen: Pen) -> None:
    """Draw max(x, 0) + slope * min(x, 0) with full-size zeros."""
    zero = pen.draw.weight(*pen.shape)
    negative = pen.draw.node("Min", pen.tensor, zero)
    scaled = pen.draw.node("Mul", negative, pen.draw.weight(1, pen.shape[1], 1, 1))
    pen.move(pen.draw.node("Add", pen.draw.node("Max", pen.tensor, zero), scaled), pen.shape)


@draws("Swish")
def draw_swish(pen: Pen) -> None:
    """Draw x * sigmoid(x)."""
    pen.move(pen.draw.node("Mul", pen.tensor, pen.draw.node("Sigmoid", pen.tensor)), pen.shape)


@draws("Gelu", "Erf")
def draw_gelu(pen: Pen) -> None:
    """Draw GELU: in PyTorch's spelling, or with a product in front of Erf where Erf nodes are named."""
    bare = pen.says(r"\bErf\b") and not pen.says("torch|opset|fused")
    inner = pen.draw.node("Mul" if bare else "Div", pen.tensor, pen.draw.scalar(0.7071 if bare else 1.4142))
    shifted = pen.draw.node("Add", pen.draw.node("Erf", inner), pen.draw.scalar(1.0))
    product = pen.draw.node("Mul", pen.tensor, shifted)
    pen.move(pen.draw.node("Mul", product, pen.draw.scalar(0.5)), pen.shape)
    pen.followers[:] = [name for name in pen.followers if name != "Erf"]


@draws("Clip")
def draw_clip(pen: Pen) -> None:
    """Draw a lower bound."""
    pen.put("Clip", pen.draw.scalar(1e-12))


@draws("Pow")
def draw_pow(pen: Pen) -> None:
    """Draw a square."""
    pen.put("Pow", pen.draw.scalar(2.0))


@draws("Add", "Sub", "Mul", "Div", "Max", "Min")
def draw_elementwise(pen: Pen) -> None:
    """Draw an elementwise operator with a stated second shape, a constant per feature, or the chain's input."""
    op_type = pen.named.operator
    target = pen.target()
    if target is not None:
        constant = pen.says("constant") and not pen.says("per-channel constants")
        other = pen.draw.weight(*target) if constant else pen.draw.input(*target)
        pen.put(op_type, other, shape=max(pen.shape, target, key=lambda shape: (len(shape), shape)))
    elif pen.says("constant|scal(ing|e)|affine|per-channel"):
        pen.put(op_type, pen.draw.weight(1, pen.shape[1], *(1,) * (len(pen.shape) - 2)))
    elif pen.tensor != pen.first and pen.shape != pen.first_shape:
        pen.move(pen.draw.node(op_type, pen.first, pen.tensor), pen.first_shape)
    else:
        pen.put(op_type, pen.draw.input(*pen.shape))


@draws("BatchNormalization")
def draw_batch_norm(pen: Pen) -> None:
    """Draw a batch norm."""
    pen.put("BatchNormalization", *(pen.draw.weight(pen.shape[1]) for _ in range(4)))


@draws("InstanceNormalization")
def draw_instance_norm(pen: Pen) -> None:
    """Draw an instance norm."""
    pen.put("InstanceNormalization", *(pen.draw.weight(pen.shape[1]) for _ in range(2)))


@draws("LayerNormalization")
def draw_layer_norm(pen: Pen) -> None:
    """Draw a layer norm over features, which a tensor of three axes has last."""
    if len(pen.shape) == 4:
        shape = (1, pen.shape[2] * pen.shape[3], pen.shape[1])
        pen.move(pen.draw.input(*shape), shape)
    scale = pen.draw.weight(pen.shape[-1])
    pen.put("LayerNormalization", scale, scale, axis=-1)


@draws("Softmax")
def draw_softmax(pen: Pen) -> None:
    """Draw a softmax, over features where no axis is stated; over the last axis in attention."""
    features_first = len(pen.shape) == 4 and not pen.says("token|attention")
    pen.put("Softmax", axis=(pen.axes() or (1 if features_first else -1,))[0])


@draws("Dropout")
def draw_dropout(pen: Pen) -> None:
    """Draw what a dropout is at inference: nothing."""
    pen.put("Identity")


@draws("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1")
def draw_reduction(pen: Pen) -> None:
    """Draw a reduction over the axes that the row states, or that differ between its shapes."""
    positions = pen.number(r"(\d[\d,]*) (?:frames|positions|columns|steps|samples)")
    if positions and not pen.row.shapes:
        pen.move(pen.draw.input(1, 64, 1, positions), (1, 64, 1, positions))
    axes = _axes(pen, pen.target())
    keep = pen.keeps_axes() and not pen.says(r"torch\.mean\(dim\)")
    places = [axis % len(pen.shape) for axis in axes]
    if keep:
        shape = tuple(1 if place in places else size for place, size in enumerate(pen.shape))
    else:
        shape = tuple(size for place, size in enumerate(pen.shape) if place not in places)
    if pen.named.operator == "ReduceSum":
        pen.put("ReduceSum", pen.draw.integers(*axes), shape=shape, keepdims=int(keep))
    else:
        pen.put(pen.named.operator, shape=shape, axes=list(axes), keepdims=int(keep))


def _axes(pen: Pen, target: Shape | None) -> tuple[int, ...]:
    if target is not None and len(target) == len(pen.shape):
        changed = [place for place, size in enumerate(pen.shape) if size != target[place] == 1]
        if changed:
            return tuple(changed)
    stated = pen.axes()
    if stated:
        return stated
    if pen.says("not over features|over W|over width|over time|frames|positions|columns"):
        return (len(pen.shape) - 1,)
    if pen.says(r"over C\b|channel|features") or pen.named.operator not in ("ReduceMean",):
        return (1,)
    return (2,) if pen.says(r"torch\.mean\(dim\)") else (2, 3)


@draws("MatMul")
def draw_matmul(pen: Pen) -> None:
    """Draw a product of queries and keys."""
    shape = (1, 4, 16, 64)
    product = pen.draw.node("MatMul", pen.draw.input(*shape), pen.draw.input(1, 4, 64, 16))
    pen.move(product, (1, 4, 16, 16))
