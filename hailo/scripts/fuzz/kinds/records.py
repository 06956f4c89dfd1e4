"""What tasnet2hef itself wrote and reads again: records in graphs, sidecars, journals, knowledge and run files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import onnx

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import octets, values
from scripts.fuzz.seeds import below, made_by, make_net, make_speech
from tasnet2hef.base.graph_contract import METADATA_KEY, metadata_of
from tasnet2hef.runtime.backends.hailort.sidecar import write_sidecar
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.knowledge import Verdict
from tasnet2hef.target.known.knowledge_file import save_verdicts
from tests.target.files.hef_files import save_small

_GRAPH_COMMANDS = (
    "inspect net.onnx --json", "inspect net.onnx", "check net.onnx --json", "check net.onnx",
    "separate net.onnx speech/voice_0.wav -o out --threads 1 --json",
    "live net.onnx --from-file speech/voice_0.wav --to-file heard.wav --speed 0 --threads 1",
    "calibrate net.onnx speech -o out/calib.npz -n 2 --json",
    "simulate net.onnx calib.npz --quick --plots none --threads 1 -o out",
    "compile net.onnx --calib calib.npz --plan", "report net.onnx -o out --threads 1",
    "diff net.onnx whole.onnx --json", "selftest net.onnx --threads 1 --json",
)  # fmt: skip
_SIDECAR_COMMANDS = (
    "separate net.hef speech/voice_0.wav -o out --json", "selftest net.hef --json", "inspect net.hef --json",
    "live net.hef --from-file speech/voice_0.wav --to-file heard.wav --speed 0",
)  # fmt: skip
_KNOWLEDGE_COMMANDS = (
    "check net.onnx --knowledge known.jsonl --dfc 3.33",
    "probe --merge known.jsonl",
    "probe --merge known.jsonl --json",
)
_REDUCE = "reduce chain.onnx --rule erf-activation --max-attempts 10 --repeats 1 -o"


def make_seeds(folder: Path) -> None:
    """Run the commands that write records, each into a folder of its own."""
    from tests.diagnose.reduce.conftest import chain, saved

    net, speech = make_net(folder), make_speech(folder)
    make_net(folder, "whole.onnx")
    save_small(folder / "net.hef")
    write_sidecar(folder / "net.hef", OpenedGraph.read(net), hardware="hailo8", compiler="3.33.0")
    made_by("calibrate", net, speech, "-o", folder / "calib.npz", "-n", 4)
    save_verdicts(folder / "known.jsonl", _verdicts())
    made_by(
        *_REDUCE.replace("chain.onnx", str(saved(folder, chain(6, {3: "Erf"}), "chain.onnx"))).split(),
        folder / "reduced",
    )
    made_by(
        "simulate",
        net,
        folder / "calib.npz",
        "--plots",
        "none",
        "--windows",
        2,
        "--relieve",
        1,
        "-o",
        folder / "simulated",
    )
    made_by("compile", net, "--calib", folder / "calib.npz", "-o", folder / "compiled/net.hef")
    made_by("check", net)


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage one record."""
    drawn: Case = dice.choice((_graph, _graph, _sidecar, _knowledge, _journal, _run, _page))(seeds, dice)
    return drawn


def _verdicts() -> list[Verdict]:
    probed = {
        "case": "one",
        "rule": "row-too-wide",
        "operator": "",
        "example": "bad",
        "name": "a",
        "last": "translate",
        "predicted": "fail",
    }
    compiled = {"operators": {"Conv": 3}, "findings": [], "signature": "unknown"}
    return [
        Verdict("1", "probe", "3.33.0", "hailo8", "translate", "fail", "Conv", "1x8", probed, "no", "so"),
        Verdict("2", "compile", "3.33.0", "hailo8", "compile", "pass", "Conv", None, compiled),
        Verdict("3", "elsewhere", "5.3.0", "hailo10h", "optimize", "pass", "Add"),
    ]


def _graph(seeds: Files, dice: random.Random) -> Case:
    model = onnx.ModelProto.FromString(seeds["net.onnx"])
    record = values.damaged(json.loads(metadata_of(model)[METADATA_KEY]), dice)
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            entry.value = record
    words = dice.choice(_GRAPH_COMMANDS).split()
    files = {**below(seeds, *words), "net.onnx": model.SerializeToString()}
    return Case(files, tuple(words), ("net.report", "whole.report"))


def _sidecar(seeds: Files, dice: random.Random) -> Case:
    words = dice.choice(_SIDECAR_COMMANDS).split()
    return Case({**below(seeds, *words), "net.hef.json": _damaged(seeds["net.hef.json"], dice)}, tuple(words))


def _knowledge(seeds: Files, dice: random.Random) -> Case:
    words = dice.choice(_KNOWLEDGE_COMMANDS).split()
    files = {**below(seeds, *words), "known.jsonl": _damaged_lines(seeds["known.jsonl"], dice)}
    return Case(files, tuple(words), ("net.report",))


def _journal(seeds: Files, dice: random.Random) -> Case:
    if dice.random() < 0.6:
        return _with_damage("reduced", f"{_REDUCE} reduced", seeds, dice, ("chain.onnx",))
    command = "simulate net.onnx calib.npz --plots none --windows 2 --relieve 1 --threads 1 -o simulated"
    return _with_damage("simulated", command, seeds, dice, ("net.onnx", "calib.npz"))


def _run(seeds: Files, dice: random.Random) -> Case:
    bundles = sorted({str(Path(name).parent) for name in seeds if name.endswith("bundle/compile.sh")})
    again = "compile net.onnx --calib calib.npz -o compiled/net.hef"
    command = dice.choice(
        (again, f"{again} --json", *(f"compile {bundle} -o out/net.hef --json" for bundle in bundles))
    )
    return _with_damage("compiled", command, seeds, dice, ("net.onnx", "calib.npz"))


def _page(seeds: Files, dice: random.Random) -> Case:
    command = dice.choice(("report net.report", "report net.onnx --threads 1", "diff net.onnx whole.onnx --json"))
    return _with_damage("net.report", command, seeds, dice, ("net.onnx", "whole.onnx"))


def _with_damage(folder: str, command: str, seeds: Files, dice: random.Random, more: tuple[str, ...]) -> Case:
    """Damage one text file of a folder that a command goes on with."""
    files = below(seeds, folder, *more)
    texts = sorted(name for name in below(seeds, folder) if name.endswith((".json", ".jsonl")))
    place = dice.choice(texts)
    damage = _damaged_lines if place.endswith("jsonl") else _damaged
    return Case(
        {**files, place: damage(seeds[place], dice)},
        tuple(command.split()),
        (folder, "net.report", "whole.report"),
    )


def _damaged(content: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.15:
        return octets.damaged(content, dice)
    return values.damaged(json.loads(content), dice).encode()


def _damaged_lines(content: bytes, dice: random.Random) -> bytes:
    lines = content.splitlines()
    place = dice.randrange(len(lines))
    lines[place] = _damaged(lines[place], dice)
    if dice.random() < 0.2:
        del lines[dice.randrange(len(lines))]
    return b"".join(line + b"\n" for line in lines)
