"""Damage to ONNX graphs that stay readable: sizes, shapes, names, wires, functions and stored values."""

from __future__ import annotations

import random
from collections.abc import Callable

import onnx
from onnx import TensorProto, helper

from scripts.fuzz.damage.values import ODD_TEXTS

_SIZES = (-(2**63), -2, -1, 0, 1, 2, 3, 5, 100, 2**20, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1)
_OPERATORS = (
    "Relu", "Add", "Concat", "Reshape", "Odd", "Softmax", "Split", "Pad", "MatMul", "ReduceMax", "Conv", "Slice",
    "Expand", "Tile", "ConstantOfShape", "Resize", "Loop", "If", "Einsum", "ConvTranspose", "Gather",
    "Transpose", "LSTM", "Squeeze", "PRelu", "BatchNormalization", "DepthToSpace", "AveragePool", "Range",
    "QuantizeLinear", "SequenceConstruct", "Optional",
)  # fmt: skip
_NAMES = (
    *ODD_TEXTS[:-1], "a" * 300, "/a" * 20_000, "a1_" * 20_000, "(" * 3_000, "a.b/c:d", "\t", "\r", "..", "~",
    "node\u2028name", "frames", "source_1", "input_1", "\u0430", "1", "_" * 5_000 + "!",
)  # fmt: skip
_PLACES = (
    "/dev/zero",
    "../graph.onnx",
    "graph.onnx",
    "missing.bin",
    "",
    "x" * 300,
    "/proc/self/mem",
    ".",
    "\x00",
    "a/b",
)


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Damage a graph in a few places."""
    model = onnx.ModelProto.FromString(content)
    for _ in range(dice.choice((1, 1, 2, 3, 5))):
        if model.graph.node:
            dice.choice(_WAYS)(model, dice)
    return model.SerializeToString()


def _node(model: onnx.ModelProto, dice: random.Random) -> onnx.NodeProto:
    return dice.choice(model.graph.node)


def _operator(model: onnx.ModelProto, dice: random.Random) -> None:
    _node(model, dice).op_type = dice.choice(_OPERATORS)


def _domain(model: onnx.ModelProto, dice: random.Random) -> None:
    _node(model, dice).domain = dice.choice(("ai.onnx", "com.microsoft", "ai.onnx.ml", "own", "\x1b[2J"))


def _wires(model: onnx.ModelProto, dice: random.Random) -> None:
    """Give a node fewer, more, empty, its own or other inputs."""
    node, other = _node(model, dice), _node(model, dice)
    tensors = [
        *other.input,
        *other.output,
        *node.output,
        "",
        "no_such_tensor",
        *(each.name for each in model.graph.initializer),
    ]
    way = dice.randrange(4)
    if way == 0 and node.input:
        del node.input[dice.randrange(len(node.input))]
    elif way == 1:
        node.input.append(dice.choice(tensors))
    elif way == 2:
        node.output.append(dice.choice(("", "extra", *other.output)))
    elif node.input:
        node.input[dice.randrange(len(node.input))] = dice.choice(tensors)


def _lose_node(model: onnx.ModelProto, dice: random.Random) -> None:
    del model.graph.node[dice.randrange(len(model.graph.node))]


def _double_node(model: onnx.ModelProto, dice: random.Random) -> None:
    model.graph.node.add().CopyFrom(_node(model, dice))


def _attribute(model: onnx.ModelProto, dice: random.Random) -> None:
    """Change, lose, retype or add an attribute."""
    node = _node(model, dice)
    if node.attribute and dice.random() < 0.7:
        attribute = dice.choice(node.attribute)
        if attribute.ints and dice.random() < 0.7:
            attribute.ints[dice.randrange(len(attribute.ints))] = dice.choice(_SIZES)
        elif attribute.ints and dice.random() < 0.5:
            attribute.ints.extend([1] * dice.choice((1, 5)))
        elif dice.random() < 0.5:
            attribute.i = dice.choice(_SIZES)
            attribute.f = dice.choice((float("nan"), float("inf"), -1.0, 1e30, 0.0))
        elif dice.random() < 0.5:
            attribute.type = dice.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 13))
        else:
            node.attribute.remove(attribute)
        return
    name = dice.choice(
        ("axis", "axes", "perm", "pads", "kernel_shape", "group", "value", "mode", "dilations", "alpha")
    )
    value = dice.choice(
        (dice.choice(_SIZES), [dice.choice(_SIZES)] * dice.choice((1, 2, 4)), 0.5, "text", [1.0], ["a"])
    )
    node.attribute.append(helper.make_attribute(name, value))


def _weight(model: onnx.ModelProto, dice: random.Random) -> None:
    """Change a stored tensor: its shape, type, or where its values are."""
    if not model.graph.initializer:
        return
    tensor = dice.choice(model.graph.initializer)
    way = dice.randrange(6)
    if way == 0 and tensor.dims:
        tensor.dims[dice.randrange(len(tensor.dims))] = dice.choice(_SIZES)
    elif way == 1:
        shape = [size for size in tensor.dims if size != 1]  # as many values, fewer axes
        del tensor.dims[:]
        tensor.dims.extend(dice.choice((shape, [1, *shape], [*shape, 1], [])))
    elif way == 2:
        tensor.data_type = dice.choice((0, 1, 2, 6, 7, 8, 9, 10, 11, 14, 16, 22, 99))
    elif way == 3:
        tensor.raw_data = tensor.raw_data[: dice.choice((0, 1, 3, 8))]
    elif way == 4:
        tensor.float_data.extend([float("nan"), float("inf"), 1e38])
    else:
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", dice.choice(_PLACES)), ("offset", str(dice.choice(_SIZES)))):
            tensor.external_data.add(key=key, value=value)


def _shape(model: onnx.ModelProto, dice: random.Random) -> None:
    """Change what the graph says of a tensor's shape or type; now and then of one that said nothing."""
    graph = model.graph
    node = _node(model, dice)
    if dice.random() < 0.4 and node.output:
        sizes = [dice.choice(_SIZES) for _ in range(dice.choice((0, 1, 3, 4, 4, 5)))]
        graph.value_info.append(helper.make_tensor_value_info(dice.choice(node.output), TensorProto.FLOAT, sizes))
        return
    value = dice.choice([*graph.input, *graph.output, *graph.value_info])
    sizes_of = value.type.tensor_type.shape.dim
    if sizes_of and dice.random() < 0.6:
        size = dice.choice(sizes_of)
        if dice.random() < 0.3:
            size.dim_param = dice.choice(("batch", "", "\x1b[31m", "N*2", "-1"))
        else:
            size.dim_value = dice.choice(_SIZES)
    elif dice.random() < 0.5:
        value.type.tensor_type.elem_type = dice.choice((0, 1, 7, 8, 9, 10, 11, 16, 99))
    elif dice.random() < 0.5:
        value.type.tensor_type.shape.dim.add(dim_value=dice.choice(_SIZES))
    else:
        value.ClearField("type")


def _name(model: onnx.ModelProto, dice: random.Random) -> None:
    """Rename a node, or a tensor with all who read it; or give two things one name."""
    name = dice.choice(_NAMES).replace("\udcff", "?")
    node = _node(model, dice)
    if dice.random() < 0.4:
        node.name = name
    elif dice.random() < 0.2:
        model.graph.name = model.producer_name = name
    else:
        before = dice.choice([*node.output, *node.input, *(each.name for each in model.graph.input)] or [""])
        for each in model.graph.node:
            for names in (each.input, each.output):
                for place, tensor in enumerate(names):
                    if tensor == before:
                        names[place] = name
        for value in (*model.graph.input, *model.graph.output, *model.graph.initializer, *model.graph.value_info):
            if value.name == before:
                value.name = name


def _grow(model: onnx.ModelProto, dice: random.Random) -> None:
    """Put a node behind a tensor that makes far more of it."""
    graph, node = model.graph, _node(model, dice)
    if not node.output:
        return
    size = dice.choice((2**16, 2**24, 2**31, 2**40, -(2**20), 2**62))
    tensor = node.output[0]
    operator, sizes = dice.choice((
        ("Pad", [0, 0, size, 0, 0, 0, size, 0]), ("Tile", [1, size, 1, 1]), ("Expand", [1, size, size, 1]),
        ("Reshape", [1, -1, size, 1]), ("ConstantOfShape", [size, size]),
    ))  # fmt: skip
    graph.initializer.append(helper.make_tensor("grown_sizes", TensorProto.INT64, [len(sizes)], sizes))
    inputs = ["grown_sizes"] if operator == "ConstantOfShape" else [tensor, "grown_sizes"]
    graph.node.append(helper.make_node(operator, inputs, ["grown"], name="grown"))
    for output in graph.output[: dice.choice((0, 1))]:
        output.name = "grown"


def _functions(model: onnx.ModelProto, dice: random.Random) -> None:
    """Call functions that call functions: many times over, or themselves."""
    levels, width = dice.choice(((3, 2), (12, 10), (40, 4), (300, 1)))
    opset = helper.make_opsetid("", 13)
    for level in range(levels):
        inner, domain = (f"f{level + 1}", "own") if level + 1 < levels else ("Relu", "")
        if dice.random() < 0.02:
            inner, domain = "f0", "own"
        nodes = [
            helper.make_node(inner, [f"t{place}"], [f"t{place + 1}"], domain=domain) for place in range(width)
        ]
        imports = [opset, helper.make_opsetid("own", 1)]
        model.functions.append(helper.make_function("own", f"f{level}", ["t0"], [f"t{width}"], nodes, imports))
    model.opset_import.append(helper.make_opsetid("own", 1))
    node = _node(model, dice)
    node.op_type, node.domain = "f0", "own"
    del node.attribute[:]


def _nest(model: onnx.ModelProto, dice: random.Random) -> None:
    """Put a branch in a branch in a branch."""
    node = _node(model, dice)
    inner = helper.make_graph(
        [helper.make_node("Identity", [node.output[0] if node.output else ""], ["y"])], "g", [], []
    )
    for _ in range(dice.choice((1, 5, 60))):
        choice = helper.make_node("If", ["no_such_condition"], ["y"], then_branch=inner, else_branch=inner)
        if choice.ByteSize() > 1_000_000:
            break
        inner = helper.make_graph([choice], "g", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["nested"], then_branch=inner, else_branch=inner))


def _said(model: onnx.ModelProto, dice: random.Random) -> None:
    """Change what the file says of itself: versions and metadata."""
    way = dice.randrange(4)
    if way == 0:
        model.ir_version = dice.choice(_SIZES)
    elif way == 1 and model.opset_import:
        dice.choice(model.opset_import).version = dice.choice((*_SIZES, 6, 9, 11, 17, 21))
    elif way == 2:
        model.opset_import.append(
            helper.make_opsetid(dice.choice(("", "own", "ai.onnx")), dice.choice((1, 13, 99)))
        )
    else:
        model.metadata_props.add(
            key=dice.choice(("tasnet2hef", "", "\x1b[2J")), value=dice.choice(("", "{}", "[" * 50_000))
        )


_WAYS: tuple[Callable[[onnx.ModelProto, random.Random], None], ...] = (
    _operator, _operator, _domain, _wires, _wires, _wires, _lose_node, _double_node, _attribute, _attribute,
    _weight, _weight, _shape, _shape, _name, _name, _grow, _functions, _nest, _said,
)  # fmt: skip
