"""Calibration sets: the archive, the headers of its arrays, and its record, through ``simulate`` and others."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import numpy as np

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import archives, arrays, values
from scripts.fuzz.seeds import made_by, make_net, make_speech
from tasnet2hef.quantize.calibration.calibration_set import METADATA_ARRAY

_COMMANDS = (
    "simulate net.onnx calib.npz --quick --plots none --threads 1 -o out --json",
    "simulate net.onnx calib.npz --quick --plots none --threads 1 -o out",
    "compile net.onnx --calib calib.npz --plan", "compile net.onnx --calib calib.npz -o out/net.hef --json",
    "explain log.txt --calib calib.npz --json",
    "separate net.onnx speech/voice_0.wav --calib calib.npz -o out --threads 1 --json",
)  # fmt: skip


def make_seeds(folder: Path) -> None:
    """Write a set for a small net."""
    made_by("calibrate", make_net(folder), make_speech(folder), "-o", folder / "calib.npz", "-n", 4)
    (folder / "log.txt").write_text("[error] Mapping Failed (allocation time: 5s)\nNo valid partition found\n")


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a set."""
    words = dice.choice(_COMMANDS).split()
    files = {each: seeds[each] for each in words if each in seeds}
    damaged = archives.damaged_zip(seeds["calib.npz"], dice, _damaged_member)
    return Case({**files, "calib.npz": damaged}, tuple(words), ("net.report",))


def _damaged_member(name: str, content: bytes, dice: random.Random) -> bytes:
    if name.startswith(METADATA_ARRAY) and dice.random() < 0.8:
        record = json.loads(str(np.load(io.BytesIO(content))))
        if dice.random() < 0.5:
            record["provenance"] = values.damaged(json.loads(record["provenance"]), dice)
            text = json.dumps(record)
        else:
            text = values.damaged(record, dice)
        target = io.BytesIO()
        np.save(target, np.array(text))
        return target.getvalue()
    return arrays.damaged(content, dice)
