"""Damaged ONNX files: bytes that changed, and graphs that were rewired."""

from __future__ import annotations

import random

import onnx


def damaged(whole: bytes, dice: random.Random) -> bytes:
    changed = bytearray(whole)
    for _ in range(dice.choice((1, 1, 2, 4))):
        place = dice.randrange(len(changed))
        if dice.random() < 0.6:
            changed[place] = dice.randrange(256)
        elif dice.random() < 0.5:
            del changed[place : place + dice.randrange(1, 30)]
        else:
            changed[place:place] = dice.randbytes(dice.randrange(1, 9))
    return bytes(changed)


def rewired(model: onnx.ModelProto, dice: random.Random) -> bytes:
    """Change operators, attributes, wires and sizes: files that parse as protobuf but mean something else."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    operators = ["Relu", "Add", "Concat", "Reshape", "Odd", "Softmax", "Split", "Pad", "MatMul", "ReduceMax"]
    sizes = [0, -1, 1, 2, 5, 100, 2**31, 2**62]
    for _ in range(dice.choice((1, 2, 3))):
        node = dice.choice(changed.graph.node)
        other = dice.choice(changed.graph.node)
        tensor = dice.choice(changed.graph.initializer)
        choice = dice.randrange(5)
        if choice == 0:
            node.op_type = dice.choice(operators)
        elif choice == 1 and node.attribute and node.attribute[0].ints:
            node.attribute[0].ints[0] = dice.choice(sizes)
        elif choice == 2:
            node.input[dice.randrange(len(node.input))] = dice.choice([*other.input, *other.output, ""])
        elif choice == 3:
            tensor.dims[dice.randrange(len(tensor.dims))] = dice.choice([0, 1, 2, 2**20, -1])
        else:
            node.attribute.add(name="axis", type=dice.choice((1, 2, 7)), i=dice.choice(sizes), ints=[0, 1])
    return changed.SerializeToString()
