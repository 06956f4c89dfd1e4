"""The commands of ``python -m tasnet2hef.training``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from tasnet2hef.network.reference import ReferenceTasNet
from tasnet2hef.spec import TasNetSpec
from tasnet2hef.training.evaluate import measure
from tasnet2hef.training.loop import Plan, Run, train
from tasnet2hef.training.mixtures import Mixer
from tasnet2hef.training.split import Side
from tasnet2hef.training.voices import ALLISON, CARLO, IVRVOICE, JUNE, SAMPLE_RATE_HZ, SOUNDS, Prompt, drop_repeats, find_prompts

app = typer.Typer(add_completion=False, no_args_is_help=True)
console = Console()
VOICES = (CARLO, ALLISON, JUNE, IVRVOICE)
PAIRS = (("Carlo", "Allison"), ("Carlo", "June"), ("Carlo", "ivrvoice"))


def grouped(prompts: list[Prompt], side: Side) -> dict[str, list[Prompt]]:
    """Group the prompts of one side by voice."""
    return {voice.name: [p for p in prompts if p.voice == voice.name and p.side == side] for voice in VOICES}


@app.callback()
def main() -> None:
    """Demo network."""


@app.command("train")
def train_command(
    folder: Annotated[Path, typer.Argument()],
    sounds: Path = SOUNDS,
    steps: int = 16000,
    batch: int = 8,
    threads: int = 2,
    device: str = "cpu",
    compiled: bool = False,
    minutes: float = 1e9,
) -> None:
    torch.set_num_threads(threads)
    prompts = drop_repeats([p for voice in VOICES for p in find_prompts(voice, sounds)])
    for side in ("train", "validation", "test"):
        console.print(side, {k: (len(v), round(sum(len(p.samples) for p in v) / SAMPLE_RATE_HZ / 60, 1)) for k, v in grouped(prompts, side).items()})
    spec = TasNetSpec(n_src=2, n_filters=128, out_chan=128, kernel_size=32, stride=16, bn_chan=64, hid_chan=128,
        skip_chan=64, n_blocks=6, n_repeats=2, mask_act="relu")
    run = Run(Plan(spec, steps, batch, device=device, compiled=compiled))
    run.load(folder)
    mixer = Mixer(grouped(prompts, "train"), PAIRS, 2 * SAMPLE_RATE_HZ, speed=True)
    held_out = Mixer(grouped(prompts, "validation"), PAIRS, 4 * SAMPLE_RATE_HZ)
    mixtures = [held_out.draw(2, number) for number in range(48)]
    def score_db(net: ReferenceTasNet) -> float:
        rows = measure(net.to("cpu"), mixtures)
        console.print({r.pair: round(r.improvement_db, 2) for r in rows})
        return rows[-1].improvement_db
    started = time.time(); losses: list[float] = []
    def report(step: int, loss: float, score: float | None) -> None:
        losses.append(loss)
        if step % 100 == 0:
            console.print(f"{time.time() - started:7.0f} s  step {step}  loss {sum(losses[-100:]) / len(losses[-100:]):6.2f}  score {score}")
    train(run, mixer, folder, score_db, report, minutes * 60)
