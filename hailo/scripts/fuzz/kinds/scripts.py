"""Model scripts (``.alls``), through ``simulate``, ``compile`` and ``explain``."""

from __future__ import annotations

import random
from pathlib import Path

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import text
from scripts.fuzz.seeds import made_by, make_net, make_speech
from tests.target.alls.test_parser import PUBLIC_FORMS

_COMMANDS = (
    "simulate net.onnx calib.npz --script own.alls --quick --plots none --threads 1 -o out --json",
    "simulate net.onnx calib.npz --script own.alls --quick --plots none --threads 1 -o out",
    "compile net.onnx --calib calib.npz --alls own.alls --plan",
    "compile net.onnx --calib calib.npz --alls own.alls --plan --json",
    "compile net.onnx --calib calib.npz --alls own.alls -o out/net.hef --json",
    "explain log.txt --script own.alls --json",
)


def make_seeds(folder: Path) -> None:
    """Write a script of public forms, and one that names the layers of the net beside it."""
    net = make_net(folder)
    made_by("calibrate", net, make_speech(folder), "-o", folder / "calib.npz", "-n", 4)
    made_by("simulate", net, folder / "calib.npz", "--quick", "--plots", "none", "-o", folder / "made")
    (folder / "log.txt").write_text("[error] Mapping Failed (allocation time: 5s)\nNo valid partition found\n")
    (folder / "made/public.alls").write_text(PUBLIC_FORMS)


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a script."""
    name = dice.choice(sorted(each for each in seeds if each.endswith(".alls")))
    words = dice.choice(_COMMANDS).split()
    files = {each: seeds[each] for each in words if each in seeds}
    return Case({**files, "own.alls": text.damaged(seeds[name].decode(), dice)}, tuple(words), ("net.report",))
