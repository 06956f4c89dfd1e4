"""Recordings: WAV and FLAC, through the commands that read one or a folder of them."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import numpy as np
import soundfile

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import sound
from scripts.fuzz.seeds import make_net
from tests.quantize.small_net import babble

_HAS_TORCH = importlib.util.find_spec("torch") is not None
_COMMANDS = (
    "separate net.onnx SOUND -o out --threads 1 --json",
    "separate net.onnx SOUND -o out --threads 1 --channel each",
    "separate net.onnx whole.wav -r SOUND -r whole.wav -o out --threads 1 --json",
    "live net.onnx --from-file SOUND --to-file heard.wav --speed 0 --threads 1 --json",
    "live net.onnx --from-file SOUND --to-file heard.wav --speed 0 --threads 1 --record parts",
    "calibrate net.onnx speech -o out/calib.npz -n 2 --json", "calibrate net.onnx speech -o out/calib.npz -n 2",
    "report net.onnx --recording SOUND -o out --threads 1",
)  # fmt: skip
_FREEZE = "freeze net.pth speech -o out/frozen.pth --clips 2 --test-clips 2 --seconds 0.1 --json"


def make_seeds(folder: Path) -> None:
    """Write a net and short recordings: 16 bits, float, two channels, 24 bits, FLAC."""
    make_net(folder)
    noise = babble(0.3, 0)
    soundfile.write(folder / "whole.wav", noise, 8000)
    (folder / "sounds").mkdir()
    for name, samples, rate, subtype in (
        ("plain.wav", noise, 8000, "PCM_16"),
        ("float.wav", noise, 8000, "FLOAT"),
        ("stereo.wav", np.stack([noise, noise], axis=1), 16000, "PCM_16"),
        ("deep.wav", noise, 44100, "PCM_24"),
        ("plain.flac", noise, 8000, "PCM_16"),
        ("stereo.flac", np.stack([noise, noise], axis=1), 16000, "PCM_24"),
    ):
        soundfile.write(folder / "sounds" / name, samples, rate, subtype=subtype)
    if _HAS_TORCH:
        from tests.model.checkpoint.small_nets import saved, small_package

        saved(small_package(), folder / "net.pth")


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a recording."""
    name = dice.choice(sorted(each for each in seeds if each.startswith("sounds/")))
    command = _FREEZE if _HAS_TORCH and dice.random() < 0.1 else dice.choice(_COMMANDS)
    place = f"heard{Path(name).suffix}" if "SOUND" in command else f"speech/heard{Path(name).suffix}"
    words = command.replace("SOUND", place).split()
    files = {each: seeds[each] for each in ("net.onnx", "net.pth", "whole.wav") if each in words}
    if "speech" in words:
        files |= {f"speech/whole_{number}.wav": seeds["whole.wav"] for number in range(2)}
    return Case({**files, place: sound.damaged(seeds[name], dice)}, tuple(words), ("net.report",))
