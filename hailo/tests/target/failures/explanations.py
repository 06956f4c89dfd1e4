"""Replays texts through the classifier: right, wrong or unknown, alone and as another run would print them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.failures.classify import UNKNOWN, Explanation, Situation, explain, explain_log
from tasnet2hef.target.failures.facts import NOTHING_KNOWN, Facts, facts_of_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import min_of_maps, rank_two_input, row_too_wide
from tests.target.failures.told_texts import TEXTS, Told

RECORDED: Final = Path(__file__).parents[1] / "rules/recorded_verdicts.jsonl"
SITUATION: Final = Situation(
    Path("net.onnx"), Path("calib.npz"), Path("out.hef"), "hailo8", log=Path("log.txt"), seconds=2.0
)
_GRAPHS: Final = {
    "tall": row_too_wide.RULE.good[1],
    "wide": row_too_wide.RULE.bad[0],
    "min": min_of_maps.RULE.bad[0],
    "two axes": rank_two_input.RULE.bad[0],
}


@lru_cache
def _graph_facts(name: str) -> Facts:
    graph = OpenedGraph(_GRAPHS[name]())
    return facts_of_graph(graph, check_graph(graph).findings)


def facts_for(told: Told) -> Facts:
    """Return what is known beside a text."""
    facts = _graph_facts(told.graph) if told.graph else NOTHING_KNOWN
    return dataclasses.replace(facts, script=parse_script(told.script)) if told.script else facts


def outcome(told: Told, explained: Explanation) -> str:
    """Return `right`, `unknown`, or `wrong` with the reason."""
    if explained.signature == UNKNOWN and UNKNOWN not in told.right:
        return UNKNOWN
    said = " ".join([explained.words, explained.cause, explained.fix, *explained.commands])
    if explained.signature not in told.right:
        return f"wrong: found {explained.signature}, expected {' or '.join(told.right)}"
    ruled_out = [words for words in told.wrong if words in said]
    missing = [words for words in told.says if words not in said]
    if ruled_out or missing:
        return f"wrong: says {ruled_out}, lacks {missing}: {said}"
    if told.node and explained.node != told.node:
        return f"wrong: node {explained.node!r}, expected {told.node!r}"
    return "right"


def alone(told: Told) -> str:
    """Explain a text as the exception of a stage."""
    return outcome(told, explain(told.stage, told.text, "", "exited", SITUATION, facts_for(told)))


def as_log(told: Told) -> str:
    """Explain a text as the log that a run left."""
    return outcome(told, explain_log(told.text, told.stage, SITUATION, facts_for(told)))


NOISE: Final = """W tensorflow/dso_loader.cc:64] Could not load dynamic library 'libcudart.so.11.0'; dlerror: \
libcudart.so.11.0: cannot open shared object file: No such file or directory
DeprecationWarning: `product` is deprecated as of NumPy 1.25.0, and will be removed in NumPy 2.0
[info] Found model with 3 input channels, using real RGB images for calibration instead of sampling random data.
[warning] Reducing optimization level to 0 (the accuracy won't be optimized and compression won't be used)
[info] Single context flow failed: Recoverable single context error
Calibration: 100%|##########| 64/64 [00:10<00:00,  6.28entries/s]
[info] Solving the allocation (Mapping), time per context: 59m 59s
worker0  V  *  X  V  V"""
"""Lines of runs that end well."""


def _renamed(text: str) -> str:
    """Change the net's scope and the lines of source files."""
    text = re.sub(r"\b(?:net|n|m|pow|scope1)/", "other_net_2/", text)
    return re.sub(r"line \d+", "line 77", text)


def _stamped(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(f"2026-03-04 10:11:{place % 60:02d},123 {line}" for place, line in enumerate(lines))


def _long(text: str) -> str:
    before = "\n".join(f"[info] Iteration {place}: trying parallel mapping" for place in range(3000))
    before = f"{NOISE}\n{before}"
    done = "[info] Translation started\n[info] Translation completed on ONNX model net\n"
    after = "\n".join('  File "/usr/lib/python3.10/runpy.py", line 86, in _run_code' for _ in range(40))
    return f"{done}{before}\n{text}\n{after}\n"


def _coloured(text: str) -> str:
    return "\r\n".join(f" 12%|##   | 3/25 [00:01<00:09]\r\x1b[31;1m{line}\x1b[0m" for line in text.split("\n"))


def _recovered(text: str) -> str:
    """Put an error in front that a retry got past."""
    first = "[error] UnsupportedShuffleLayerError in op /a/Reshape: Failed to determine type of layer"
    return f"{first}\n[info] Attempting to retry parsing\n[info] Translation completed on ONNX model\n{text}"


CHANGES: Final[Mapping[str, Callable[[str], str]]] = {
    "other names and numbers": _renamed,
    "time stamps": _stamped,
    "inside a long log": _long,
    "colours and a progress bar": _coloured,
    "after an error that was got past": _recovered,
}
"""How another run would have printed the same."""


def recorded_texts(path: Path = RECORDED) -> list[Told]:
    """Return the recorded words of the compiler, each with its signature."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Told(row["error"], (row["signature"],), row["stage"])
        for row in rows
        if row["outcome"] == "fail" and row.get("error") and row.get("signature")
    ]


def all_texts() -> list[Told]:
    """Return the reduced texts of public reports, and the recorded ones."""
    return [*TEXTS, *recorded_texts()]


def score() -> dict[str, list[str]]:
    """Return the texts by outcome: `right`, `wrong` and `unknown`, the first line of each."""
    found: dict[str, list[str]] = {"right": [], "wrong": [], UNKNOWN: []}
    for told in all_texts():
        result = alone(told)
        found[result.split(":")[0]].append(f"{told.text.splitlines()[0][:90]} -> {result[:160]}")
    return found
