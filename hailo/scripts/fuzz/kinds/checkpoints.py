"""Checkpoints: torch's archives, its old form, safetensors, and the options beside them, through ``convert``."""

from __future__ import annotations

import json
import random
from pathlib import Path

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import archives, octets, pickles, text, values

NEEDS = ("torch",)
_COMMAND = "convert FILE -o out --seconds 0.1"
_OPTIONS = {"mask_act": "relu", "n_blocks": 3, "n_repeats": 2, "sample_rate": 8000}
_YAML = """\
mask_act: relu
defaults: &defaults {n_blocks: 3, n_repeats: 2}
model:
  <<: *defaults
  sample_rate: 8000
optim: {lr: 1.0e-3, steps: [1, 2, 3], when: 2020-01-02, name: 'adam'}
"""
_ODD_YAML = (
    "\n  when: 2001-99-99", " !!python/object/apply:os.system [x]", " !!int x", " !!binary ###", " *none",
    " &a [*a]", "\n? [a]\n: b", " !!set {a}", " 1" + ":1" * 50_000, " [" * 5_000, "\n<<: 1", " 0x" + "f" * 6_000,
    " !!timestamp 1", " .nan", " 1_0__0", " |\n  x", "\t", " %", " @", " `", "\n---\n", "\n...\n", " {{",
    " 9999999-01-01", " 0o99", " !!float x",
)  # fmt: skip


def make_seeds(folder: Path) -> None:
    """Write one small net in every form."""
    import torch

    from tests.model.checkpoint.foreign_nets import kaituoxu
    from tests.model.checkpoint.foreign_nets import saved as saved_foreign
    from tests.model.checkpoint.small_nets import saved, small_package, small_weights

    for name in ("whole", "bare"):
        (folder / name).mkdir()
    saved(small_package(), folder / "whole/zip.pth")
    saved(
        {"state_dict": small_weights(), "hyper_parameters": _OPTIONS, "epoch": 3}, folder / "whole/lightning.ckpt"
    )
    saved(saved_foreign(kaituoxu()), folder / "whole/kaituoxu.pth.tar")
    torch.save(small_package(), folder / "whole/old.pth", _use_new_zipfile_serialization=False)
    torch.save(small_weights(), folder / "bare/zip.pth")
    try:
        from safetensors.torch import save_file
    except ModuleNotFoundError:
        return
    save_file(small_weights(), folder / "bare/net.safetensors", {"conf": json.dumps(_OPTIONS)})


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a checkpoint, or the options beside a whole one that lacks them."""
    files: dict[str, bytes] = {}
    folder = dice.choice(("whole", "whole", "bare"))
    name = dice.choice(sorted(each for each in seeds if each.startswith(folder)))
    place = f"net{''.join(Path(name).suffixes)}"
    content = seeds[name]
    if folder == "bare" and dice.random() < 0.7:
        conf = dice.choice(("conf.yml", "config.yaml", "config.json", "hyperparams.yaml", "mdl.json"))
        files[conf] = _damaged_conf(conf, dice)
    else:
        content = _damaged(name, content, dice)
    words = _COMMAND.replace("FILE", place).split()
    extra = ["--json"] if dice.random() < 0.5 else []
    return Case({**files, place: content}, (*words, *extra))


def _damaged(name: str, content: bytes, dice: random.Random) -> bytes:
    if name.endswith("safetensors"):
        return _damaged_safetensors(content, dice)
    if content[:2] == b"PK":
        return archives.damaged_zip(content, dice, _damaged_member)
    return octets.damaged(content, dice, head=2000) if dice.random() < 0.2 else _damaged_old(content, dice)


def _damaged_member(name: str, content: bytes, dice: random.Random) -> bytes:
    return pickles.damaged(content, dice) if name.endswith(".pkl") else octets.damaged(content, dice)


def _damaged_old(content: bytes, dice: random.Random) -> bytes:
    """Damage one of the pickles that follow each other: magic number, version, system, object, keys."""
    import pickletools

    place = 0
    for _ in range(dice.choice((0, 1, 2, 3, 3, 3, 3, 4))):
        *_, (_, _, last) = pickletools.genops(content[place:])
        place += last + 1
    return content[:place] + pickles.damaged(content[place:], dice)


def _damaged_safetensors(content: bytes, dice: random.Random) -> bytes:
    size = int.from_bytes(content[:8], "little")
    if dice.random() < 0.3:
        return octets.damaged(content, dice, head=size + 8)
    header = values.damaged(json.loads(content[8 : 8 + size]), dice).encode()
    written = dice.choice(octets.NUMBERS) if dice.random() < 0.1 else len(header)
    return (written & 2**64 - 1).to_bytes(8, "little") + header + content[8 + size :]


def _damaged_conf(name: str, dice: random.Random) -> bytes:
    if name.endswith("json") or dice.random() < 0.3:
        whole = _OPTIONS if dice.random() < 0.5 else {"model": _OPTIONS, "optim": {"lr": 0.001}}
        return values.damaged(whole, dice).encode()
    if dice.random() < 0.5:
        place = dice.choice([number for number, letter in enumerate(_YAML) if letter in ":,\n"]) + 1
        return (_YAML[:place] + dice.choice(_ODD_YAML) + _YAML[place:]).encode()
    return text.damaged(_YAML, dice)
