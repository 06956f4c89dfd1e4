"""ONNX graphs: exports, hand-written nets and the rules' examples, through all commands that read a graph."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import onnx

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import graphs, octets, protobuf
from scripts.fuzz.seeds import below, made_by, make_net, make_speech
from tasnet2hef.target.rules.framework.discovery import all_rules
from tests.sign_split import make_contract, save_graph

_LARGEST = 60_000
"""Bytes of a seed: larger ones are slow to damage and add nothing."""
_HAS_TORCH = importlib.util.find_spec("torch") is not None
_CHECKS = (
    "check graph.onnx", "check graph.onnx --json", "check graph.onnx --json --hw hailo10h",
    "layers graph.onnx --json", "layers graph.onnx", "inspect graph.onnx --json", "inspect graph.onnx",
)  # fmt: skip
_WORK = (
    "patch graph.onnx -o out/patched.onnx", "patch graph.onnx -o out/patched.onnx --json",
    "diff graph.onnx net.onnx --json", "diff net.onnx graph.onnx", "report graph.onnx -o out --threads 1",
    "simulate graph.onnx calib.npz --quick --plots none --threads 1 -o out --json",
    "separate graph.onnx speech/voice_0.wav -o out --threads 1 --json",
    "live graph.onnx --from-file speech/voice_0.wav --to-file heard.wav --speed 0 --threads 1",
    "calibrate graph.onnx speech -o out/calib.npz -n 2 --json", "compile graph.onnx --calib calib.npz --plan",
    "compile graph.onnx --calib calib.npz -o out/net.hef --json", "explain log.txt --graph graph.onnx --json",
    "reduce graph.onnx --rule RULE --max-attempts 10 --repeats 1 -o out",
    *(("convert graph.onnx -o out --seconds 0.1 --json",) if _HAS_TORCH else ()),
)  # fmt: skip


def make_seeds(folder: Path) -> None:
    """Write nets below ``nets``, and the rules' examples below ``rules``."""
    for name in ("nets", "rules"):
        (folder / name).mkdir()
    net = make_net(folder)
    make_net(folder, "nets/small.onnx")
    save_graph(folder / "nets/split.onnx", make_contract())
    if _HAS_TORCH:
        _export(folder / "nets")
    for rule in all_rules():
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for number, example in enumerate(examples):
                content = example().SerializeToString()
                if len(content) < _LARGEST:
                    (folder / "rules" / f"{rule.id}.{kind}_{number}.onnx").write_bytes(content)
    made_by("calibrate", net, make_speech(folder), "-o", folder / "calib.npz", "-n", 4)
    (folder / "log.txt").write_text("[error] Mapping Failed (allocation time: 5s)\nNo valid partition found\n")


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a graph: its fields, its wires or its bytes."""
    commands = dice.choice((_CHECKS, _WORK))
    folder = dice.choice(("nets", "rules") if commands == _CHECKS else ("nets", "nets", "nets", "rules"))
    name = dice.choice(sorted(below(seeds, folder)))
    command = dice.choice(commands)
    rule = Path(name).name.partition(".")[0] if folder == "rules" else "row-too-wide"
    files = {
        **below(seeds, "net.onnx", "calib.npz", "speech", "log.txt"),
        "graph.onnx": _damaged(seeds[name], dice),
    }
    words = command.replace("RULE", rule).split()
    read = [each for each in files if any(word == each or each.startswith(f"{word}/") for word in words)]
    return Case({each: files[each] for each in read}, tuple(words), ("graph.report", "net.report", "out/steps"))


def _damaged(content: bytes, dice: random.Random) -> bytes:
    way = dice.random()
    if way < 0.65:
        return graphs.damaged(content, dice)
    return protobuf.damaged(content, dice) if way < 0.95 else octets.damaged(content, dice)


def _export(folder: Path) -> None:
    from tasnet2hef.model.network.build_options import BuildOptions
    from tasnet2hef.model.network.hailo_tasnet import HailoTasNet
    from tasnet2hef.model.onnx_writer import make_model
    from tests.random_weights import random_reference, small_spec

    for name, options in (
        ("gln", {"norm_type": "gLN"}),
        ("softmax", {"norm_type": "bN", "causal": True, "mask_act": "softmax", "n_src": 3}),
    ):
        spec = small_spec(**options)
        net = HailoTasNet(spec, random_reference(spec).state_dict(), BuildOptions(window_frames=100))
        onnx.save(make_model(net), folder / f"{name}.onnx")
