"""Find the operators that a row names, in ONNX's, PyTorch's or everyday words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import onnx

# Everyday and PyTorch names, first match first; the rest are ONNX's own operator names.
_BEFORE_ONNX: tuple[tuple[str, str], ...] = (
    (r"Max\(x.*?Min\(x[^ ]*", "PReluByMax"),
    (r"[Ss]hape/Gather/Reshape|size\(0\)", "DynamicReshape"),
    (r"(?:Keras )?Dense on rank-3|Tensordot", "Tensordot"),
)
_SYNONYMS: tuple[tuple[str, str], ...] = (
    (r"ConvTranspose\w*|transposed conv\w*|deconv\w*", "ConvTranspose"),
    (r"Conv[- ]?3[dD]|3-?D conv\w*", "Conv3d"),
    (r"Conv[- ]?1[dD]|1-?D conv\w*", "Conv1d"),
    (r"Conv[- ]?2[dD]\b|Conv ?\d+ ?x ?\d+|\d+ ?x ?\d+ conv\w*|convs?\b|Conv\b|convolution\w*", "Conv"),
    (r"ReduceMean|\bmean\b", "ReduceMean"),
    (r"Adaptive(?:Avg|Average)Pool\w*|GlobalAveragePool|global average(?: pool\w*)?", "GlobalAveragePool"),
    (r"AdaptiveMaxPool\w*|GlobalMaxPool", "GlobalMaxPool"),
    (r"AvgPool\w*|AveragePool|avgpool\w*", "AveragePool"),
    (r"MaxPool\w*", "MaxPool"),
    (r"BatchNorm\w*", "BatchNormalization"),
    (r"LayerNorm\w*|layer norm\w*", "LayerNormalization"),
    (r"InstanceNorm\w*", "InstanceNormalization"),
    (r"GroupNorm\w*", "GroupNormalization"),
    (r"PReLU\w*|PRelu", "PRelu"),
    (r"Leaky ?ReLU|LeakyRelu", "LeakyRelu"),
    (r"ReLU6?\b|Relu", "Relu"),
    (r"SiLU|Swish", "Swish"),
    (r"Hard-?swish|HardSwish", "HardSwish"),
    (r"Hard-?sigmoid|HardSigmoid", "HardSigmoid"),
    (r"ELU\b", "Elu"),
    (r"SELU|Selu", "Selu"),
    (r"Erf\b", "Erf"),
    (r"GELU|Gelu", "Gelu"),
    (r"[Ss]oftmax", "Softmax"),
    (r"[Ss]igmoid", "Sigmoid"),
    (r"Dropout\w*", "Dropout"),
    (r"Linear\b|\bFC\b|Gemm|Dense\b|fully connected", "Linear"),
    (r"PixelShuffle|DepthToSpace", "DepthToSpace"),
    (r"(?:token|word) embeddings?|embedding (?:matrix|table|look-?up)\w*", "Embedding"),
    (r"[Cc]oncat\w*", "Concat"),
    (r"[Ss]lic\w+|Slice|torch\.flip|\b[Ff]lip\b", "Slice"),
    (r"\bPad\b|\bpad\b|\bpadding\b|ZeroPad\w*|ReplicationPad\w*|ReflectionPad\w*|[Rr]eplicate pad\w*", "Pad"),
    (r"Upsample|Resize", "Resize"),
    (r"[Rr]eshape\w*|\bview\b", "Reshape"),
    (r"Flatten|flatten", "Flatten"),
    (r"Unsqueeze|unsqueeze\b", "Unsqueeze"),
    (r"Squeeze|squeeze\b", "Squeeze"),
    (r"Transpose|transpose\w*|[Pp]ermute\w*", "Transpose"),
    (r"Exp\b", "Exp"),
)


@dataclass(frozen=True)
class Named:
    """An operator that a row names; `count` is the number in front of it ("13 slices"), `text` what follows."""

    operator: str
    position: int
    text: str
    count: int = 1


def named_operators(text: str) -> list[Named]:
    """Return the operators that a text names, in order.

    >>> [found.operator for found in named_operators("Unsqueeze -> Tile -> Reshape (GQA repeat)")]
    ['Unsqueeze', 'Tile', 'Reshape']
    """
    matches = list(_pattern().finditer(text))
    found = []
    for place, match in enumerate(matches):
        end = matches[place + 1].start() if place + 1 < len(matches) else len(text)
        count = re.search(r"\b(\d+|two|three)\s*$", text[: match.start()])
        number = {"two": 2, "three": 3}.get(count[1], 0) or int(count[1]) if count else 1
        operator = _operator(match)
        found.append(Named(operator, match.start(), text[match.end() : end], min(number, 64)))
    return found


def _operator(match: re.Match[str]) -> str:
    group = match.lastgroup or ""
    return match.group() if group == "onnx" else (*_BEFORE_ONNX, *_SYNONYMS)[int(group[1:])][1]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return one pattern: words that hold ONNX names, ONNX's names where they stand alone, all other words."""
    names = {schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}
    exact = "|".join(sorted((name for name in names if len(name) > 1), key=len, reverse=True))
    words = [f"(?P<s{place}>{regex})" for place, (regex, _) in enumerate((*_BEFORE_ONNX, *_SYNONYMS))]
    before, after = "|".join(words[: len(_BEFORE_ONNX)]), "|".join(words[len(_BEFORE_ONNX) :])
    return re.compile(rf"{before}|(?<![\w.])(?P<onnx>{exact})(?!\w)|(?<![A-Za-z])(?:{after})")
