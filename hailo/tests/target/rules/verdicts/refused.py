"""Draw operators that need inputs of their own kind: indices, grids, states, sizes."""

from __future__ import annotations

from onnx import TensorProto, helper

from tests.target.rules.verdicts.pen import Pen, draws


@draws("TopK")
def draw_top_k(pen: Pen) -> None:
    """Draw the two largest of the last axis."""
    pen.move(pen.draw.node("TopK", pen.tensor, pen.draw.integers(2), count=2, axis=-1), (*pen.shape[:-1], 2))


@draws("Gather", "GatherElements", "GatherND")
def draw_gather(pen: Pen) -> None:
    """Draw a gather by a computed index, or by a constant one where the row says so."""
    if pen.named.operator == "Gather" and pen.says("constant ind|fixed ind"):
        pen.put("Gather", pen.draw.integers(0, 1), axis=1)
        return
    shape = pen.shape if pen.named.operator == "GatherElements" else (1, 4)
    index = pen.draw.input(*shape, dtype=TensorProto.INT64)
    attributes = {} if pen.named.operator == "GatherND" else {"axis": 1}
    pen.put(pen.named.operator, index, **attributes)


@draws("Embedding")
def draw_embedding(pen: Pen) -> None:
    """Draw a look-up in a stored table."""
    tokens = pen.draw.input(1, 32, dtype=TensorProto.INT64)
    pen.move(pen.draw.node("Gather", pen.draw.weight(32000, 512), tokens, axis=0), (1, 32, 512))


@draws("ScatterND")
def draw_scatter(pen: Pen) -> None:
    """Draw one row written into a tensor."""
    index, update = pen.draw.input(1, 1, dtype=TensorProto.INT64), pen.draw.input(1, *pen.shape[1:])
    pen.put("ScatterND", index, update)


@draws("GridSample")
def draw_grid_sample(pen: Pen) -> None:
    """Draw a sampling at computed points."""
    pen.put("GridSample", pen.draw.input(1, 8, 8, 2), shape=(*pen.shape[:2], 8, 8))


@draws("Mod")
def draw_mod(pen: Pen) -> None:
    """Draw a remainder."""
    pen.put("Mod", pen.draw.scalar(2.0), fmod=1)


@draws("CumSum")
def draw_cumulative_sum(pen: Pen) -> None:
    """Draw a running sum over the last axis."""
    pen.put("CumSum", pen.draw.scalar(len(pen.shape) - 1))


@draws("LSTM", "GRU", "RNN")
def draw_recurrent(pen: Pen) -> None:
    """Draw a recurrent layer of 20 steps."""
    both = pen.says("bidirectional|bi-?lstm|both directions")
    count, gates = 2 if both else 1, {"LSTM": 4, "GRU": 3, "RNN": 1}[pen.named.operator]
    weights = pen.draw.weight(count, gates * 16, 8), pen.draw.weight(count, gates * 16, 16)
    direction = "bidirectional" if both else "forward"
    name = pen.draw.node(
        pen.named.operator, pen.draw.input(20, 1, 8), *weights, direction=direction, hidden_size=16
    )
    pen.move(name, (20, count, 1, 16))


@draws("ConstantOfShape")
def draw_constant_of_shape(pen: Pen) -> None:
    """Draw zeros of the tensor's shape, added to it."""
    zeros = pen.draw.node("ConstantOfShape", pen.draw.integers(*pen.shape))
    pen.put("Add", zeros)


@draws("Where")
def draw_where(pen: Pen) -> None:
    """Draw a choice by a mask."""
    mask = pen.draw.input(*pen.shape, dtype=TensorProto.BOOL)
    pen.move(pen.draw.node("Where", mask, pen.tensor, pen.draw.input(*pen.shape)), pen.shape)


@draws("Einsum")
def draw_einsum(pen: Pen) -> None:
    """Draw a product of two tensors over their last axis."""
    left, right = pen.draw.input(1, 8, 16), pen.draw.input(1, 4, 16)
    pen.move(pen.draw.node("Einsum", left, right, equation="bik,bjk->bij"), (1, 8, 4))


@draws("If")
def draw_branch(pen: Pen) -> None:
    """Draw a choice between two branches by a computed flag."""
    flag = pen.draw.input(1, dtype=TensorProto.BOOL)
    branches = {}
    for name in ("then_branch", "else_branch"):
        made = helper.make_node("Relu", [pen.tensor], [f"{name}_made"])
        value = helper.make_tensor_value_info(f"{name}_made", TensorProto.FLOAT, list(pen.shape))
        branches[name] = helper.make_graph([made], name, [], [value])
    pen.move(pen.draw.node("If", flag, **branches), pen.shape)
