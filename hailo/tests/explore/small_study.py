"""A small study: a net of random weights, and speech of two people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import soundfile
import torch

from tasnet2hef.base.workers import Ended
from tasnet2hef.explore.explore import ExploreOptions
from tasnet2hef.train.options import SpeechOptions
from tasnet2hef.train.saving import serialize
from tests.random_weights import random_reference, small_spec

ASSETS = Path(__file__).parents[2] / "assets"
GRID = """\
norms = ["exact", "frozen"]
seconds = [0.25]
precision = ["a8_w8", "a16_w16"]
[[grid]]
seconds = [0.25]
segments = [2, 50]
"""


class Display:
    """A display that keeps what it is shown."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[str] = []

    def waiting(self, label: str) -> nullcontext[None]:
        return nullcontext()

    @contextmanager
    def working(self, where: str) -> Iterator[None]:
        yield

    def ended(self, done: float, total: float, ended: Ended | None) -> None:
        if ended is not None:
            self.steps.append(ended.key.split("-")[0])

    def note(self, text: str) -> None:
        self.notes.append(text)


def write_speech(folder: Path) -> Path:
    """Write the sources of the demo mixture, cut into recordings."""
    for number in (1, 2):
        samples, rate_hz = soundfile.read(ASSETS / f"demo_source_{number}.wav", dtype="float32")
        (folder / f"speaker_{number}").mkdir(parents=True)
        for part, cut in enumerate(np.array_split(samples, 4)):
            soundfile.write(folder / f"speaker_{number}" / f"{part}.wav", cut, rate_hz)
    return folder


def write_net(path: Path) -> Path:
    """Write a small net with gLN."""
    torch.save(serialize(random_reference(small_spec(norm_type="gLN"))), path)
    return path


def make_options(net: Path, speech: Path, folder: Path) -> ExploreOptions:
    """Return the options of a small study in ``folder``."""
    grid = folder / "grid.toml"
    grid.write_text(GRID)
    return ExploreOptions(
        checkpoint=str(net),
        speech_folder=speech,
        folder=folder / "study",
        grid=grid,
        windows=8,
        speech=SpeechOptions(seconds=0.5, any_data=True),
    )
