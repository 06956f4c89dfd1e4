"""The words of the path, each with its one meaning; and prose in which the first of each is a link to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markupsafe import Markup

GLOSSARY: Final[Mapping[str, str]] = {
    "agreement": "signal-to-error ratio in dB between the outputs of two versions of one net, for example "
    "float and 8 bits; it says how alike they are, not how good they are",
    "border": "an edge between two compiled layers, where a tensor is rounded to 8 bits",
    "bundle": "the folder that takes a graph to a machine with the compiler: graph, calibration set, model "
    "script, this package, and `compile.sh`, which does the rest",
    "calibration set": "windows of real audio from which the compiler learns the range of values of every "
    "layer; a wrong set costs more decibels than any option",
    "caps": "the share of a chip that the compiler plans into one context; a model script can raise it",
    "check": "the step that predicts what the compiler will refuse, and what a graph costs on a chip",
    "chip part": "what the chip computes of a net whose encoder and decoders run on the host: from the "
    "representation to the masks. `convert --ends host` makes it",
    "chunk": "the few frames that a stateful graph computes at a time, from new samples and past rows",
    "column": "the axis of a tensor along which streams lie side by side (width, in the tall layout)",
    "compiled layer": "a layer of the chip, after the compiler has fused parsed layers; each takes one layer "
    "controller (LCU)",
    "context": "a part of a network that fits the chip at once; with several, weights are reloaded in every "
    "run, which takes time",
    "contract": "what the host must know to run an exported graph: architecture, rate, window, level. It is "
    "stored in the ONNX file as its tasnet2hef metadata; `GraphContract` in Python",
    "cut, cut tensor": "where `--segments` divides a graph, and a tensor that is passed on there",
    "DFC": "Dataflow Compiler, the vendor's compiler: ONNX in, HEF out. It comes with a login, for Linux only",
    "distil": "to train a net with constant norms until it matches the original",
    "fallback": "a setting that is tried after a failed compile",
    "finding": "one result of `check`: a rule, a place in the graph and a message. Its level is error, warning "
    "or note",
    "float": "computed in 32-bit floating point, as in training: the reference for everything after it",
    "freeze": "to replace the statistics of norms by the constants that fit best, without training",
    "front": "the points of a study that no other one beats in loss, contexts, latency and bits together",
    "genuine output": "what a network's own implementation computes for one input",
    "gLN": "a norm over all channels and the whole clip, as most published nets have it. Others: fgLN (each "
    "channel over the clip), cLN (one frame), cgLN (all frames so far), bN (batch norm: constants)",
    "grade": "how a claim about vendor software is known. Recorded: seen in a real run of the compiler or "
    "runtime. Recorded here: seen by `probe` on this machine. Documented: written by the vendor. Inferred: "
    "our conclusion",
    "grid": "the variants that a study tries: lists of values, every combination of which is a point",
    "HailoRT": "the vendor's runtime on the machine with the device: driver, library, `hailortcli` and a "
    "Python package, all of one version",
    "halo": "the audio on each side of a window that is computed and left out, so that windows join without a "
    "seam",
    "HAR": "Hailo Archive, the compiler's file between its stages; that one exists does not mean that it compiles",
    "HEF": "Hailo Executable Format, the file that runs on the chip; made by the compiler alone",
    "held map": "a map that the chip must keep whole in its memory, as a norm over the clip needs it",
    "HN": "Hailo Network, the compiler's list of layers inside a HAR",
    "kernel window": "the rows that a convolution's kernel covers, also 'sliding window'; never plain 'window'",
    "knowledge file": "the verdicts of one release of the compiler on one chip, kept by `probe` and `compile`",
    "LCU": "layer control unit: a chip computes as many layers of one context at once as it has of these",
    "levelling": "bringing speech to a level, and dividing the outputs by the same gain",
    "MAC": "multiply and accumulate, the unit in which work is counted; two operations",
    "map": "the tensor between two layers, for one run",
    "mask": "what the net multiplies the encoded mixture by, one for each source",
    "memory unit": "a piece of the chip's memory for weights; what a graph needs of them is inferred",
    "model script": "the .alls file (Hailo's own name: ALLS): the commands by which a net's precision and "
    "place on the chip are set",
    "ONNX": "the file format that nets are passed on in; here the input of the compiler",
    "opened graph": "one ONNX graph with all that is derived from it; its file is read once. `OpenedGraph` in "
    "Python",
    "outcome": "how work ended: done, failed, refused, not compiled, interrupted",
    "page": "the HTML page of a run",
    "parity": "signal-to-error ratio in dB between an exported graph and the reading of its file, on speech; "
    "above 115 dB is the rounding of 32-bit arithmetic",
    "parsed layer": "a layer as the compiler's parser makes it, before fusing",
    "point": "one variant of a net in a study: norms, window, form of the graph, precision",
    "progress": "the part of long-running work that is done, as passed to a callback; a display shows it",
    "reading of the file": "the network that a checkpoint was understood as: its options, weights and padding",
    "receptive field": "the samples that one output sample depends on; a full halo is half of it on each side",
    "record": "what one stage of the compiler left in `run.json`",
    "report": "what a step returns, and `--json` prints",
    "row": "all features of one position in time, or all positions at once in the wide layout; the chip moves "
    "whole rows",
    "SI-SDR": "scale-invariant signal-to-distortion ratio in dB: how clean a separated voice is, against the "
    "true one. An untouched mixture of two equally loud voices has 0 dB; the published nets gain about 15 dB",
    "side": "A or B, in a comparison of two runs",
    "sidecar": "the JSON file beside a HEF; it describes how to run it",
    "source": "one of the voices of a mixture; an output of the net",
    "spec": "the architecture of a Conv-TasNet; `TasNetSpec` in Python",
    "speech level": "the level of speech in dBFS, pauses left out",
    "split": "the division of data into training, validation and test parts",
    "SQNR": "signal to quantisation noise ratio in dB: what rounding adds to one layer's output",
    "stage": "one stage of the compiler, in a process of its own: versions, translate, optimize, emulate, compile",
    "stateful graph": "a graph whose past rows go in and come out as tensors, so that it runs chunk by chunk",
    "status": "what an examination found: ok, warning, error, missing, not run",
    "step": "one part of the path that a user follows: convert, check, calibrate, simulate, compile",
    "stream": "one audio signal that is processed continuously; the streams of a graph are windows side by "
    "side in its columns",
    "stream format": "shape, order and number type of a tensor that goes into or out of a HEF",
    "study": "a grid of variants of one net, each measured on the same held-out mixtures, with its folder",
    "window": "the fixed length of audio that a graph computes at once",
    "worker": "a process that does steps of a study or other tasks, on this machine or on a Dask cluster",
}
"""Words and their meanings, in the order of the alphabet."""

_CODE: Final = re.compile(r"`([^`]+)`")
_JARGON: Final = (
    "agreement",
    "calibration set",
    "context",
    "DFC",
    "halo",
    "HAR",
    "HEF",
    "HN",
    "LCU",
    "MAC",
    "model script",
    "parity",
    "SI-SDR",
    "SQNR",
)
"""Words that are linked; the others are too common to be marked wherever they stand."""
_WORD: Final = re.compile(rf"\b({'|'.join(map(re.escape, _JARGON))})s?\b")


def anchor(word: str) -> str:
    """Return the id of a word's entry.

    >>> anchor("model script")
    'term-model-script'
    """
    return f"term-{word.replace(' ', '-').lower()}"


class Prose:
    """Turns text into HTML: escaped, backticks as code, and words of the glossary as links, once in each text."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def __call__(self, text: object) -> Markup:
        """Return ``text`` as HTML."""
        from markupsafe import Markup, escape

        seen: set[str] = set()
        parts = _CODE.split(str(text))
        made = [
            f"<code>{escape(part)}</code>" if place % 2 else self._linked(str(escape(part)), seen)
            for place, part in enumerate(parts)
        ]
        return Markup("".join(made))

    @property
    def entries(self) -> list[tuple[str, str, str]]:
        """Return the entries of the words that were linked so far: anchor, word and meaning."""
        return [(anchor(word), word, meaning) for word, meaning in GLOSSARY.items() if word in self._used]

    def _linked(self, escaped: str, seen: set[str]) -> str:
        def link(match: re.Match[str]) -> str:
            word = match[1]
            if word in seen:
                return match[0]
            seen.add(word)
            self._used.add(word)
            return f'<a class="term" href="#{anchor(word)}">{match[0]}</a>'

        return _WORD.sub(link, escaped)
