"""HARs, plain and packed: the archive, and the JSON in it."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import archives, octets, values
from tests.target.files.test_har import members_of, save_har

_COMMANDS = ("inspect net.har", "inspect net.har --json")
_OTHERS = ("check net.har --json", "layers net.har", "convert net.har", "compile net.har", "diff net.har net.har")


def make_seeds(folder: Path) -> None:
    """Write one archive of each form."""
    save_har(folder / "plain.har", members_of(), "w")
    content = (folder / "plain.har").read_bytes()
    (folder / "packed.har").write_bytes(gzip.compress(content, mtime=0))


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage an archive."""
    content = archives.damaged_tar(seeds[dice.choice(sorted(seeds))], dice, _damaged_member)
    command = dice.choice(_COMMANDS) if dice.random() < 0.9 else dice.choice(_OTHERS)
    return Case({"net.har": content}, tuple(command.split()))


def _damaged_member(name: str, content: bytes, dice: random.Random) -> bytes:
    if name.endswith((".hn", ".json")) and dice.random() < 0.9:
        return values.damaged(json.loads(content), dice).encode()
    return octets.damaged(content, dice)
