"""Reads a message of the compiler: the layer, the ONNX node and operator that it names, and its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SHOWN_LENGTH: Final = 300
_LONGEST_PART: Final = 1_000
_LEVEL: Final = r"\[?(?:debug|info|warning|error|critical)\]?"
_STAMP: Final = r"\[?(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?Z?\]?"
_PREFIX: Final = re.compile(
    rf"^\s*(?:{_STAMP}\s*)?(?:{_LEVEL}[\s:|-]+)?(?:\[HailoRT(?: CLI)?\]\s*)?(?:{_LEVEL}\s+)?", re.I
)
_MODULE: Final = re.compile(
    r"^(?:[A-Za-z_]\w{0,80}\.){1,8}(?=[A-Z]\w{0,80}(?:Error|Exception|Shape|Fixable|Unfeasible)\b)"
)
_NAME: Final = r"['\"`]?([\w/.:][\w/.:\-]{0,200})"
_NODES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bin op ([^\s:]{1,200}(?:::?[^\s:]{1,200}){0,3}):(?:\s|$)",
        r"\bin op ([^\s,;]{1,200})",
        rf"\bat vertex {_NAME}",
        r"\bnode names?: \[?'([^'\n]{1,200})'",
        rf"\b[Uu]nexpected node {_NAME}",
        rf"\bin node {_NAME}",
        rf"\bin op_name:? {_NAME}",
    )
)
_OPERATORS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b([A-Z]\w{1,60}) operation is unsupported",
        r"\bnode \S{1,200} \((\w{1,60})\)",
        r"\bNo Adapter (?:To|From) Version \S{1,20} for (\w{1,60})",
        r"\bOp \((\w{1,60})\)",
    )
)
_LAYERS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b[Qq]uantization failed in layer {_NAME}",
        rf"\b[Ll]ayer named {_NAME} (?:doesn|does|is|was)",
        rf"\b(?:in|for|of|at|to|from) layers?:? {_NAME}",
        rf"\b[Ll]ayer:? {_NAME} (?:does|doesn|has|is|can|fail|with)",
        rf"\bLayer: {_NAME}",
        rf"\b[Ll]ayer {_NAME}:",
        rf"\bexceeded size for {_NAME}",
        rf"\b{_NAME} failed on kernel validation",
        rf"\b{_NAME} errors: ",
        rf"\bingle context: {_NAME} had no",
        rf"\bNo successful assignments?:?(?: for)?:? {_NAME}",
        rf"NonFixable at {_NAME}",
        r"\bAccelerasUnsupportedError: ([\w.\-]{1,80}/[\w.\-]{1,80})(?:/[\w.\-]{1,80})?:",
        rf"\bcontexts at {_NAME}",
    )
)
_RAISED: Final = re.compile(
    r"(?:[A-Za-z_]\w{0,80}\.){0,8}[A-Z]\w{0,80}(?:Error|Exception|Fixable|Unfeasible|Iteration)(?::|$)"
)
_MARKED: Final = re.compile(r"(?i:\berror\b|\bfailed\b|\bfatal\b|\bcritical\b)")
_FRAME: Final = re.compile(r'File "([^"\n]{1,400})", line \d{1,7}, in (\w{1,80})')
_SLASH: Final = re.compile(r"[\\/]")
_REASON: Final = re.compile(r"\b(?:in op \S{1,400}?|[A-Z]\w{1,80}(?:Error|Exception|Fixable)):\s+(\S[^\n]{0,400})")
_NO_LAYERS: Final = ("the", "this", "which", "of", "type", "to", "with", "class", "name", "names")


@dataclass(frozen=True)
class Message:
    """One line of the compiler, and what it names; each part is empty where the line does not have it."""

    line: str = ""
    node: str = ""
    """The ONNX node."""
    operator: str = ""
    layer: str = ""
    """The layer as the message spells it, without the net's scope."""
    reason: str = ""


NO_MESSAGE: Final = Message()


def read_message(line: str) -> Message:
    """Return what a line names.

    >>> read_message("[error] UnsupportedConcatLayerError in op /e/Tile: Unsupported concat over axis batch").node
    '/e/Tile'
    >>> read_message("Quantization failed in layer net/ne_activation_ew_mult1 due to").layer
    'ew_mult1'
    """
    shown = without_prefix(line)
    return Message(
        line=shown[:SHOWN_LENGTH],
        node=_first(_NODES, shown).rstrip(".:,;"),
        operator=_first(_OPERATORS, shown),
        layer=_layer(shown),
        reason=(match[1].strip()[:SHOWN_LENGTH] if (match := _REASON.search(shown)) else ""),
    )


def without_prefix(line: str) -> str:
    """Return a line without time stamp, level and the module of an exception's class.

    >>> without_prefix("2026-01-02 10:11:12,345 [error] a.b.SomeError: no")
    'SomeError: no'
    """
    return _MODULE.sub("", _PREFIX.sub("", line.strip(), count=1).strip())


def line_at(text: str, position: int) -> str:
    """Return the line of a text that holds a position; of a very long one, the part around it."""
    start = max(text.rfind("\n", 0, position) + 1, position - _LONGEST_PART)
    end = text.find("\n", position)
    return text[start : min(len(text) if end < 0 else end, position + _LONGEST_PART)].strip()


def error_line(text: str) -> str:
    """Return the line of the innermost error: of chained exceptions Python prints that one first.

    Without an exception it is the last line that is marked as an error, else the last one.

    >>> error_line("Traceback ...\\nKeyError: 3\\nDuring handling ...\\nValueError: no\\nbye")
    'KeyError: 3'
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    raised = next((line for line in lines if _RAISED.match(line)), "")
    marked = next((line for line in reversed(lines) if _MARKED.search(line)), lines[-1] if lines else "")
    return without_prefix(raised or marked)[:SHOWN_LENGTH]


def traceback_end(text: str) -> str:
    """Return the function and the file in which the innermost traceback of a text ends; empty without one.

    >>> traceback_end('  File "/a/b.py", line 3, in f\\n    x\\n  File "/a/c.py", line 7, in g\\nKeyError: 3')
    'g (c.py)'
    """
    first = re.split(r"\n[A-Za-z_.]{1,200}(?:Error|Exception|Iteration)\b", text, maxsplit=1)[0]
    frames = _FRAME.findall(first)
    return f"{frames[-1][1]} ({re.split(_SLASH, frames[-1][0])[-1]})" if frames else ""


def _first(patterns: tuple[re.Pattern[str], ...], line: str) -> str:
    return next((match[1] for pattern in patterns if (match := pattern.search(line))), "")


def _layer(line: str) -> str:
    for pattern in _LAYERS:
        match = pattern.search(line)
        name = match[1].rstrip(".:,;").removesuffix("/") if match else ""
        if name and name.lower() not in _NO_LAYERS:
            return layer_name(name)
    return ""


def layer_name(name: str) -> str:
    """Return a layer's name without the net's scope, the operation inside it, and the activation's prefix.

    >>> [layer_name(name) for name in ("net/ne_activation_avgpool6", "net/matmul2/matmul_op", "resize1_sd0")]
    ['avgpool6', 'matmul2', 'resize1']
    """
    parts = [part for part in name.split("/") if part]
    inner = parts[-1] if parts else name
    if len(parts) > 1 and re.fullmatch(r"\w{1,60}_op\d{0,4}", inner):
        inner = parts[-2]
    inner = re.sub(r"^(?:ne_activation_|act_op_|auto_\w{1,40}_from_)", "", inner)
    return re.sub(r"(?<=\d)_(?:sd|d|ws|fs|dc)\d{0,4}$", "", inner)
