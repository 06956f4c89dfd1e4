"""A case: files, and the command that reads them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from scripts.fuzz import kinds
from tasnet2hef.base.discovery import modules_of

Files = Mapping[str, bytes]
"""Contents by path, relative to the folder that a command runs in."""


@dataclass(frozen=True)
class Case:
    """What one command is given; its paths are relative to the folder that it runs in."""

    files: Files
    arguments: tuple[str, ...]
    state: tuple[str, ...] = ()
    """Folders and files that the command keeps from run to run, also from one that it refuses."""


@dataclass(frozen=True)
class Kind:
    """A kind of input: how its whole files are made, and how a case is drawn from them."""

    name: str
    needs: tuple[str, ...]
    """Packages without which its files can't be made, or its commands don't run."""
    make_seeds: Callable[[Path], Any]
    draw: Callable[[Files, random.Random], Case]


def all_kinds() -> dict[str, Kind]:
    """Return every kind, each from a module of ``kinds``, by name."""
    return {kind.name: kind for kind in map(_kind_of, modules_of(kinds))}


def _kind_of(module: ModuleType) -> Kind:
    name = module.__name__.rpartition(".")[2]
    return Kind(name, getattr(module, "NEEDS", ()), module.make_seeds, module.draw)


def draw_case(kind: Kind, seeds: Files, seed: int, number: int) -> Case:
    """Draw the case that a seed and a number stand for: always the same one for the same files."""
    return kind.draw(seeds, random.Random(f"{kind.name} {seed} {number}"))
