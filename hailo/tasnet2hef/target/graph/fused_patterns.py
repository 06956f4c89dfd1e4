"""Operators that exporters write out in several nodes and that the compiler reads as one: GELU and layer norms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tasnet2hef.target.graph.onnx_node import OnnxNode

Consumers = Mapping[str, Sequence[OnnxNode]]
IsConstant = Callable[[str], bool]


def gelu_at(node: OnnxNode, consumers: Consumers, is_constant: IsConstant) -> tuple[OnnxNode, ...]:
    """Return the nodes of a GELU in PyTorch's form that a division begins; none if it begins none.

    x / sqrt(2) -> Erf -> + 1, then times x and times a half in either order.
    """
    if node.op_type != "Div" or len(node.inputs) != 2 or not is_constant(node.inputs[1]):
        return ()
    chain = [node]
    for op_type in ("Erf", "Add", "Mul", "Mul"):
        following = _only(consumers, chain[-1])
        if following is None or following.op_type != op_type:
            return ()
        chain.append(following)
    factors = [name for each in chain[3:] for name in each.inputs if name not in outputs_of(chain)]
    tensor = node.inputs[0]
    constant = [name for name in factors if is_constant(name)]
    return tuple(chain) if factors.count(tensor) == 1 and len(constant) == 1 and len(factors) == 2 else ()


def layer_norm_at(node: OnnxNode, consumers: Consumers, is_constant: IsConstant) -> tuple[OnnxNode, ...]:
    """Return the nodes of a layer norm over the last axis that a mean begins; none if it begins none.

    mean -> x - mean -> square -> mean -> + epsilon -> root -> (x - mean) / root, then a scale and a shift.
    """
    if not _is_mean_of_last(node):
        return ()
    centred = _only(consumers, node)
    if centred is None or centred.op_type != "Sub" or tuple(centred.inputs) != (node.inputs[0], node.outputs[0]):
        return ()
    readers = {reader.op_type: reader for reader in consumers.get(centred.outputs[0], ())}
    square, quotient = readers.get("Pow") or readers.get("Mul"), readers.get("Div")
    if square is None or quotient is None or len(consumers.get(centred.outputs[0], ())) != 2:
        return ()
    chain = [node, centred, square]
    for op_type in ("ReduceMean", "Add", "Sqrt"):
        following = _only(consumers, chain[-1])
        if following is None or following.op_type != op_type:
            return ()
        chain.append(following)
    if not _is_mean_of_last(chain[3]) or tuple(quotient.inputs) != (centred.outputs[0], chain[-1].outputs[0]):
        return ()
    chain.append(quotient)
    for op_type in ("Mul", "Add"):
        following = _only(consumers, chain[-1])
        if following is None or following.op_type != op_type or not any(map(is_constant, following.inputs)):
            break
        chain.append(following)
    return tuple(chain)


def channel_shuffle_at(node: OnnxNode, consumers: Consumers) -> tuple[OnnxNode, ...]:
    """Return the nodes of a channel shuffle that a reshape begins; none if it begins none.

    [N, C, H, W] -> [N, groups, C / groups, H, W], groups and features swapped, and back.
    """
    turn = _only(consumers, node)
    back = None if turn is None else _only(consumers, turn)
    if node.op_type != "Reshape" or turn is None or back is None or back.op_type != "Reshape":
        return ()
    before, five = node.input_shapes[0], node.output_shapes[0]
    if turn.op_type != "Transpose" or turn.integers("perm") != (0, 2, 1, 3, 4) or not before or not five:
        return ()
    same = len(before) == 4 and before == back.output_shapes[0] and five[3:] == before[2:] and five[0] == before[0]
    return (node, turn, back) if same else ()


def windows_at(node: OnnxNode, consumers: Consumers) -> tuple[OnnxNode, ...]:
    """Return the nodes that cut a map into windows, or join them, which a reshape to six axes begins."""
    turn = _only(consumers, node)
    back = None if turn is None else _only(consumers, turn)
    six = node.output_shapes[0]
    if node.op_type != "Reshape" or six is None or len(six) != 6 or turn is None or back is None:
        return ()
    swapped = turn.op_type == "Transpose" and turn.integers("perm") == (0, 1, 3, 2, 4, 5)
    return (node, turn, back) if swapped and back.op_type == "Reshape" else ()


def outputs_of(nodes: Sequence[OnnxNode]) -> tuple[str, ...]:
    """Return the outputs of some nodes."""
    return tuple(tensor for node in nodes for tensor in node.outputs)


def _is_mean_of_last(node: OnnxNode) -> bool:
    axes = node.integers("axes") or (node.integer_values(1) if node.has_input(1) else None)
    rank = len(node.input_shapes[0] or ())
    return (
        node.op_type == "ReduceMean"
        and rank > 2
        and bool(node.integer("keepdims", 1))
        and axes in ((-1,), (rank - 1,))
    )


def _only(consumers: Consumers, node: OnnxNode) -> OnnxNode | None:
    readers = consumers.get(node.outputs[0], ())
    return readers[0] if len(readers) == 1 else None
