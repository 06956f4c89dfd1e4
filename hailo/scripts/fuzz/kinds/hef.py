"""HEFs of every header version; the checksum is right again most of the time, so that the metadata is read."""

from __future__ import annotations

import random
from pathlib import Path

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import octets, protobuf
from tests.target.files.hef_files import hef_bytes, save, small_message

_COMMANDS = (
    "inspect net.hef", "inspect net.hef --json", "inspect net.hef --damaged", "inspect net.hef --damaged --json",
    "check net.hef", "layers net.hef --json", "separate net.hef speech.wav -o out --json",
    "selftest net.hef --json", "compile net.hef --json",
)  # fmt: skip


def make_seeds(folder: Path) -> None:
    """Write the metadata alone."""
    save(folder / "message", small_message().SerializeToString())


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage the metadata, the header or any bytes."""
    version = dice.randrange(4)
    if dice.random() < 0.7:
        content = hef_bytes(protobuf.damaged(seeds["message"], dice), version)
    else:
        content = octets.damaged(hef_bytes(seeds["message"], version), dice, head=64)
    command = dice.choice(_COMMANDS[:4]) if dice.random() < 0.85 else dice.choice(_COMMANDS)
    return Case({"net.hef": content}, tuple(command.split()))
