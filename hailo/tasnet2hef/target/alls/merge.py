"""Merges a user's model script with a generated one: the user's lines are kept verbatim and take precedence."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tasnet2hef.target.alls.layers import check_layers, command_name, layer_tokens, unscoped
from tasnet2hef.target.alls.parser import Statement, parse_script
from tasnet2hef.target.alls.writer import (
    LayerPrecision,
    ModelScript,
    ScriptLine,
    ScriptSettings,
    script_lines,
    statement_key,
)
from tasnet2hef.target.graph.layers import HailoNet

_CHANGE_NUMBERS: Final = (
    "quantization_param",
    "normalization",
    "input_conversion",
    "change_output_activation",
    "logits_layer",
    "remove_node",
)
"""Commands of a user's script that change what the net computes, and that the simulation does not know of."""


def merge_script(user_text: str, where: str, settings: ScriptSettings, net: HailoNet) -> ModelScript:
    """Return both scripts as one: the user's first, unchanged, then the generated lines that it does not replace.

    Raises:
        OptionError: the user's script has a syntax error (line and column) or names a layer that does not exist.
    """
    statements = parse_script(user_text, where)
    notes = [*check_layers(statements, net, where), *_not_simulated(statements, where)]
    by_key = {statement_key(statement): statement for statement in statements}
    precision_lines = _precision_lines(settings.precisions, _layers_with_precision(statements), notes)
    added: list[str] = []
    for line in [*script_lines(replace(settings, precisions=())), *precision_lines]:
        statement = parse_script(line.command)[0]
        users = by_key.get(statement_key(statement))
        if users is not None and statement.command != "quantization_param":
            added += ["", f"# Left to line {users.line} of {where}: {line.command}"]
            notes.append(f"{where}:{users.line}: kept; {line.command} left out")
        else:
            added += ["", f"# {line.why}", line.command]
    head = f"# From {where}, unchanged:"
    foot = f"# Added for {settings.model} by tasnet2hef simulate:"
    text = "\n".join([head, user_text.rstrip("\n"), "", foot, *added, ""])
    return ModelScript(text, tuple(notes))


def _not_simulated(statements: Sequence[Statement], where: str) -> list[str]:
    """Return a note of the user's lines that change numbers: they are kept, and the simulation is without them."""
    lines = [str(each.line) for each in statements if command_name(each) in _CHANGE_NUMBERS]
    if not lines:
        return []
    one = len(lines) == 1
    return [
        f"{where}: {'line' if one else 'lines'} {', '.join(lines)} {'is' if one else 'are'} kept for the compiler "
        "and not simulated: the figures are those of the net without"
    ]


def _layers_with_precision(statements: Sequence[Statement]) -> list[str]:
    """Return the names and globs whose precision the user's script sets."""
    return [
        unscoped(token.text)
        for statement in statements
        if statement.command == "quantization_param" and statement.keyword("precision_mode") is not None
        for token in layer_tokens(statement)
    ]


def _precision_lines(
    precisions: Sequence[LayerPrecision], taken: Sequence[str], notes: list[str]
) -> list[ScriptLine]:
    """Return the precision lines for the layers whose precision the user's script does not set."""
    lines = []
    for precision in precisions:
        free = tuple(name for name in precision.layers if not any(fnmatch.fnmatch(name, glob) for glob in taken))
        if len(free) < len(precision.layers):
            kept = ", ".join(name for name in precision.layers if name not in free)
            notes.append(f"{kept}: precision left to the user's script; {precision.mode} was recommended")
        if free:
            names = free[0] if len(free) == 1 else f"[{', '.join(free)}]"
            lines.append(
                ScriptLine(f"quantization_param({names}, precision_mode={precision.mode})", precision.why)
            )
    return lines
