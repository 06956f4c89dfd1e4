"""From a row to a graph: is it about a graph at all, what does it name, how do its parts hang together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import onnx

from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.target.rules.verdicts import axes, convolutions, pointwise, refused
from tests.target.rules.verdicts.operators import Named, named_operators
from tests.target.rules.verdicts.pen import Drawer, Pen, marked
from tests.target.rules.verdicts.row import NotApplicable, Row
from tests.target.rules.verdicts.shapes import Shape, Stated, stated_shapes

# What decides these rows is data, scripts, precision, versions or the machine, not the graph.
_NOT_THE_GRAPH = re.compile(
    r"calibrat|emulator|model script|load_params|optimization level|optimi[sz]ation_level|level \d|\ba\d+_w\d+|"
    r"precision|InferVStreams|\brun\(|profiler|sandbox|quality|CUDA|GPU|16-?bit|end nodes|start/end|deserialise|"
    r"flag|--\w|fused|resources_param|with resources|forced into|on the compile machine|import |collapse|"
    r"attention mask|instead of the|% caps|max_utili|HEF compiled|timeout_ms|activate\(",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(whole|official|encoder|decoder|tower|network|net|backbone|attention|blocks?|transformer|CNN|TCN|model|head|"
    r"heads|YOLO\w*|ResNet\w*|DeepLab\w*|VGG\w*|Whisper\S*|\w*TasNet|TDConvNet|flow|DEIM\w*|classifier|vision)\b",
    re.IGNORECASE,
)
_OPERATOR_FIRST = re.compile(
    r"^(?:\W|depthwise|grouped|dilated|causal|plain|raw|dynamic|bidirectional|rank-\d|\d+x?)*$", re.I
)
_DEFAULT: Mapping[int, Shape] = {1: (8,), 2: (1, 64), 3: (1, 100, 64), 4: (1, 16, 32, 32), 5: (1, 2, 8, 16, 16)}
_MOST_LAYERS = 2000


def draw_row(row: Row) -> onnx.ModelProto:
    """Return a small graph of what a row states; raise NotApplicable with the reason where it can't be drawn."""
    if row.stage == "runtime":
        raise NotApplicable("a fact of the runtime")
    if row.outcome == "unknown":
        raise NotApplicable("no outcome is recorded")
    if _NOT_THE_GRAPH.search(row.op):
        raise NotApplicable("decided by data, a script, precision or the machine, not by the graph")
    if "?" in row.op:
        raise NotApplicable("its sizes are uncertain by its own words")
    count = _layer_count(row)
    if count:
        return _chain_of_layers(count)
    shapes = stated_shapes(row.shapes)
    named = _meant(row, named_operators(row.op))
    block = re.search(r"TCN block (\d+)->(\d+)", row.op)
    if block and shapes:
        return _tcn_block(shapes[0].nchw, int(block[2]))
    if not named and row.params.get("kernel"):
        named = [Named("Conv", 0, row.op)]
    rank = re.search(r"rank[- ]?(\d)\b[^,;]*\binput", row.op)
    if rank and not named:
        named = [Named("Relu", 0, row.op)]
    if named and not _is_whole(row, named, shapes):
        return _operators(row, named, shapes)
    return _whole(row, shapes)


def _layer_count(row: Row) -> int:
    """Return how many layers the row says its net has, 0 where it does not."""
    for name in ("layers_per_context", "layers", "lcus"):
        contexts = row.params.get(name)
        if isinstance(contexts, list) and all(isinstance(count, int) for count in contexts):
            return min(sum(contexts), _MOST_LAYERS)
    names = ("layer_controllers", "lcus", "layers", "hn_layers", "compiled_layers", "n_layers")
    found = row.number(*names)
    if found is None:
        stated = re.search(r"\b(\d{2,4}) (?:compiled |parsed )?layers\b", row.op)
        found = int(stated[1]) if stated else 0
    return min(found, _MOST_LAYERS)


def _chain_of_layers(count: int) -> onnx.ModelProto:
    draw = GraphSketch()
    tensor = draw.input(1, 8, 8, 8)
    for _ in range(count):
        tensor = draw.node("Relu", draw.conv(tensor, 8, 8))
    return draw.model(tensor)


def _tcn_block(shape: Shape, hidden: int) -> onnx.ModelProto:
    """Draw a block of a Conv-TasNet: 1x1 to the hidden features, depthwise, residual and skip 1x1."""
    draw = GraphSketch()
    features = shape[1]
    source = draw.input(*shape)
    wide = draw.node("Relu", draw.conv(source, features, hidden))
    kernel, pads = ((1, 3), [0, 1, 0, 1]) if shape[3] > 1 else ((3, 1), [1, 0, 1, 0])
    filtered = draw.node("Relu", draw.conv(wide, hidden, hidden, kernel, group=hidden, pads=pads))
    residual = draw.node("Add", source, draw.conv(filtered, hidden, features))
    return draw.model(residual, draw.conv(filtered, hidden, features))


def _meant(row: Row, named: list[Named]) -> list[Named]:
    """Return the operators that are in the graph: not those replaced, left out, or named beside their own kind."""
    replaced = re.search(r"replaced by|rewritten as|instead use", row.op)
    if replaced:
        named = [found for found in named if found.position > replaced.start()]
    title = re.match(r"[^:]*:(?=.*->)", row.op)  # "positional conv: Reshape->Conv2D->Reshape"
    if title and any(found.position >= title.end() for found in named):
        named = [found for found in named if found.position >= title.end()]
    kept = [
        found
        for found in named
        if not re.search(r"\b(?:without|no|instead of|in place of|rather than|not)\s+$", row.op[: found.position])
    ]
    names = [found.operator for found in kept]
    if "Linear" in names:
        kept = [found for found in kept if found.operator != "Flatten"]
    if "PReluByMax" in names:
        kept = [found for found in kept if found.operator == "PReluByMax"]
    if "DynamicReshape" in names:
        kept = [found for found in kept if found.operator == "DynamicReshape"]
    if "Embedding" in names or "Erf" in names:
        main = "Embedding" if "Embedding" in names else "Erf"
        kept = [found for found in kept if found.operator == main]
    if re.search(r"Linear/Conv", row.op):
        kept = [found for found in kept if found.operator != "Linear"]
    return kept


def _is_whole(row: Row, named: list[Named], shapes: list[Stated]) -> bool:
    """Tell whether the row is about a net by name, in which the operators are only mentioned."""
    if row.params.get("kernel") or any(
        found.operator in ("Conv1d", "Squeeze", "LSTM", "DynamicReshape", "Tensordot") for found in named
    ):
        return False
    if _OPERATOR_FIRST.match(row.op[: named[0].position]):
        return False
    if all(_in_parentheses(row.op, found.position) for found in named):
        return True
    if not _WHOLE.search(row.op):
        return False
    listed = len(named) > 1 and not shapes and re.search(r":", row.op[: named[0].position])
    arrow = any(re.search(r"\d\s*->\s*\d", found.text) for found in named)
    return not (listed or arrow or any(shape.join == "->" for shape in shapes) or row.params.get("kernel"))


def _in_parentheses(text: str, position: int) -> bool:
    before = text[:position]
    return before.count("(") > before.count(")")


def _whole(row: Row, shapes: list[Stated]) -> onnx.ModelProto:
    """Draw a net by the activations that its row states: a convolution to each, then one over each."""
    inner = [shape.nchw for shape in shapes if len(shape.nchw) == 4]
    if len(inner) < 2 and not any(shape.label in ("latent", "hidden", "row") for shape in shapes):
        raise NotApplicable("a whole net by name: no operator's sizes and no inner shapes are stated")
    if any(not shape.layout for shape in shapes):
        raise NotApplicable("a whole net whose stated axes have no names")
    draw = GraphSketch()
    ends = []
    for shape in inner:
        ends.append(draw.conv(draw.input(*shape), shape[1], shape[1]))
    return draw.model(*ends)


def _operators(row: Row, named: list[Named], shapes: list[Stated]) -> onnx.ModelProto:
    """Draw the named operators: in a chain where arrows or plus signs join them, else side by side."""
    draw = GraphSketch(opset=17)
    branches = _branches(row, named)
    pairs = _pairs(shapes) if len(branches) == 1 and len(branches[0]) == 1 else [shapes]
    ends: list[str] = []
    reasons: list[str] = []
    for operators in branches:
        for stated in pairs:
            pen = _start(row, draw, [shape.nchw for shape in stated])
            pen.alone = len(named) == 1
            try:
                _draw_chain(pen, operators)
            except NotApplicable as reason:
                reasons.append(str(reason))
                continue
            ends += [*pen.loose, *([pen.tensor] if pen.tensor else [])]
    if not ends:
        raise NotApplicable(reasons[0])
    return draw.model(*dict.fromkeys(ends))


def _branches(row: Row, named: list[Named]) -> list[list[Named]]:
    if re.search(r"\bafter\b", row.op) and len(named) == 2:
        return [named[::-1]]
    branches = [[named[0]]]
    for earlier, found in pairwise(named):
        between = row.op[earlier.position : found.position]
        if re.search(r"->|→|\+|\b(?:then|with|into|before|feeding|followed by)\b", between):
            branches[-1].append(found)
        else:
            branches.append([found])
    return branches


def _pairs(shapes: list[Stated]) -> list[list[Stated]]:
    """Return the stated shapes in the groups that ";" separates: "A->B; C->D" are two graphs."""
    groups: list[list[Stated]] = [[]]
    for shape in shapes:
        if shape.join == ";" and groups[-1]:
            groups.append([])
        groups[-1].append(shape)
    return groups


def _start(row: Row, draw: GraphSketch, shapes: list[Shape]) -> Pen:
    told = shapes or [shape.nchw for shape in stated_shapes(row.op) if len(shape.nchw) > 1]
    rank = re.search(r"rank[- ]?(\d)", row.op)
    pixels = re.search(r"\b(\d{2,4}) ?px", row.op)
    first = told[0] if told else _sized(row) or _DEFAULT[min(int(rank[1]), 5) if rank else 4]
    if pixels and not told:
        first = (1, 3, int(pixels[1]), int(pixels[1]))
    name = draw.input(*first)
    return Pen(row, draw, name, first, name, first, told[1:])


def _sized(row: Row) -> Shape | None:
    """Return the input that parameters ("in_channels", "width") or letters ("W=1024, C=512") describe."""
    letters = {name: int(size) for name, size in re.findall(r"\b([CHWTL])\s*=\s*(\d+)", row.shapes)}
    features = row.number("in_channels", "in_ch", "cin", "c_in", "channels", "in_features") or letters.get("C")
    width = row.number("width", "w", "frames", "length", "time") or letters.get("W", letters.get("T"))
    height = row.number("height", "h") or letters.get("H", 1)
    return (1, features, height, width or 1) if features and (width or height > 1) else None


def _draw_chain(pen: Pen, operators: list[Named]) -> None:
    pen.followers = [found.operator for found in operators]
    for found in operators:
        pen.followers.pop(0)
        pen.named = found
        times = found.count if found.operator in ("Conv", "Linear") else 1
        for _ in range(times):
            _drawer(found.operator)(pen)


def _drawer(operator: str) -> Drawer:
    return _drawers().get(operator, _plain)


@lru_cache(maxsize=1)
def _drawers() -> dict[str, Drawer]:
    return {
        name: drawer for part in (axes, convolutions, pointwise, refused) for name, drawer in marked(part).items()
    }


def _plain(pen: Pen) -> None:
    """Draw an operator of one input, or of several like it."""
    operator = pen.named.operator
    if not onnx.defs.has(operator):
        raise NotApplicable(f"{operator} is no ONNX operator")
    schema = onnx.defs.get_schema(operator)
    if any(attribute.required for attribute in schema.attributes.values()) or schema.min_input > 3:
        raise NotApplicable(f"{operator} needs more than the row states")
    others = [pen.draw.input(*pen.shape) for _ in range(max(schema.min_input, 1) - 1)]
    pen.put(operator, *others)
