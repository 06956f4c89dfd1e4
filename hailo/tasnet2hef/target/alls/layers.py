"""The layers that a model script names: checked against the net, and renamed once the compiler has parsed.

A script names layers as the compiler does. These names are predicted from the ONNX graph; once the compiler has
parsed it, each layer is looked up by the ONNX nodes that it came from, so no predicted name is relied upon.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import nearest
from tasnet2hef.target.alls.parser import Statement, Value, parse_script
from tasnet2hef.target.alls.tokens import Token
from tasnet2hef.target.graph.layers import HailoNet

# Commands, and which of their positional arguments name layers.
_LAYER_ARGUMENTS: Final[Mapping[str, tuple[int, ...]]] = {
    "quantization_param": (0,),
    "compilation_param": (0,),
    "change_output_activation": (0,),
    "defuse": (0,),
    "defuse_block": (0, 1),
    "shape_splitter": (1,),
    "logits_layer": (0,),
    "remove_node": (0,),
    "buffers": (0, 1),
    "context": (0,),
    "place": (1,),
    "shortcut": (0, 1),
}
_NO_LAYERS: Final = (
    "normalization",
    "input_conversion",
    "resize",
    "nms_postprocess",
    "network_group",
    "model_optimization_flavor",
    "model_optimization_config",
    "pre_quantization_optimization",
    "post_quantization_optimization",
    "performance_param",
    "resources_param",
    "allocator_param",
    "context_switch_param",
    "concat",
    "format_conversion",
    "mux_demux",
    "join",
    "hef_param",
    "platform_param",
    "spatial_reshape_flow_params",
    "set_kv_cache_global_params",
)
KNOWN_COMMANDS: Final = (*_LAYER_ARGUMENTS, *_NO_LAYERS)
"""Commands seen in the vendor's own public model scripts (model zoo 2.18 and 5.2.0)."""


def command_name(statement: Statement) -> str:
    """Return the command without the object it is called on: ``place`` for ``context_0.place``."""
    return statement.command.rsplit(".", 1)[-1]


def layer_tokens(statement: Statement) -> Iterator[Token]:
    """Yield the tokens of a statement that name layers; none for unknown commands."""
    positions = _LAYER_ARGUMENTS.get(command_name(statement), ())
    named: list[Value] = [value for position, value in enumerate(statement.positional) if position in positions]
    if command_name(statement) in KNOWN_COMMANDS:
        named += [value for keyword, value in statement.keywords if keyword == "layers"]
    for value in named:
        yield from value.words()


def check_layers(statements: Sequence[Statement], net: HailoNet, where: str) -> list[str]:
    """Check that all named layers exist; return a note for each unknown command.

    Raises:
        OptionError: a layer does not exist; the message has line, column and the most similar name.
    """
    notes = []
    known = [layer.name for layer in net]
    for statement in statements:
        if command_name(statement) not in KNOWN_COMMANDS:
            notes.append(
                f"{where}:{statement.line}: command {statement.command} is unknown here; passed on unchanged"
            )
        for token in layer_tokens(statement):
            if not fnmatch.filter(known, unscoped(token.text)):
                raise OptionError(f"{where}:{token.line}:{token.column}: {_unknown(token.text, known, net)}")
        known.extend(statement.targets)
    return notes


def unscoped(name: str) -> str:
    """Return a layer's name without the net's scope.

    >>> unscoped("my_net/conv1")
    'conv1'
    """
    return name.rsplit("/", 1)[-1]


def resolve_layers(script: str, predicted: HailoNet, parsed: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return a script with the compiler's real layer names, and a note for each predicted name that differed.

    ``parsed`` is the compiler's own graph (HN): ``{"layers": {name: {"type", "original_names", ...}}}``. A layer
    is looked up by its type and ONNX nodes; one that comes from no ONNX node must exist under its predicted name.

    Raises:
        OptionError: a layer of the script is not in the compiler's graph.
    """
    layers = parsed["layers"]
    by_origin = {_origin(layer["type"], layer.get("original_names", ())): name for name, layer in layers.items()}
    real_names = [unscoped(name) for name in layers]
    notes, pieces, position = [], [], 0
    for statement in parse_script(script):
        for token in layer_tokens(statement):
            name = unscoped(token.text)
            if name not in predicted:
                continue
            layer = predicted[name]
            origin = _origin(layer.type, layer.original_names)
            real_name = unscoped(by_origin.get(origin, name)) if layer.original_names else name
            if real_name not in real_names:
                raise OptionError(
                    f"model script:{token.line}:{token.column}: layer {name} ({', '.join(layer.original_names)}) "
                    f"is not in the compiler's graph{suggestion(name, real_names)}; simulate again with this graph"
                )
            if real_name != name:
                notes.append(
                    f"layer {name} is {real_name} in the compiler's graph ({', '.join(layer.original_names)})"
                )
            pieces += [script[position : token.start], real_name]
            position = token.end
    return "".join([*pieces, script[position:]]), notes


def _origin(kind: str, names: Sequence[str]) -> tuple[str, ...]:
    return (kind, *sorted(unscoped_node(name) for name in names)) if names else (kind, "")


def unscoped_node(name: str) -> str:
    """Return an ONNX node's name without the slash that the compiler may put in front."""
    return name.lstrip("/")


def _unknown(name: str, known: Sequence[str], net: HailoNet) -> str:
    if any(mark in name for mark in "*?"):
        return f"{name!r} matches none of the {len(net)} layers of {net.name}"
    return f"no layer {name!r} among the {len(net)} of {net.name}{suggestion(unscoped(name), known)}"


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return a hint to the most similar known name, empty if none is similar.

    >>> suggestion("conv11x", ["conv11", "dw1"])
    '; did you mean conv11?'
    """
    hint = nearest(name, known)
    return f"; {hint}" if hint else ""
