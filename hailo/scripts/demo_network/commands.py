"""The commands of ``python -m scripts.demo_network``: train, evaluate, mixture, speech, reuse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from scripts.demo_network import recipe
from scripts.demo_network.evaluate import markdown_table, mean_improvement_db, measure
from scripts.demo_network.level import level_output
from scripts.demo_network.reuse import find_reused
from scripts.demo_network.shipping import write_demo, write_speech
from scripts.demo_network.split import PARTS
from scripts.demo_network.voices import SOUNDS, prompts_by_voice
from tasnet2hef.base.errors import Tasnet2HefError
from tasnet2hef.cli.progress import training_progress
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loop import MODEL_FILE, Plan, Run, train
from tasnet2hef.train.saving import load_network

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(emoji=False)

SoundsOption = Annotated[Path, typer.Option(help="Folder of Debian's asterisk-core-sounds-*-wav packages.")]
ThreadsOption = Annotated[int, typer.Option(min=1, help="CPU threads; 1 if other work shares the cores.")]


@app.callback()
def main() -> None:
    """Train, evaluate and save the small demo network on the telephone prompts that Debian ships."""


@app.command("train")
def train_command(
    folder: Annotated[Path, typer.Argument(help="Folder of the checkpoints; a run in it is resumed.")],
    sounds: SoundsOption = SOUNDS,
    steps: Annotated[int, typer.Option(min=1, help="Length of the learning-rate schedule.")] = recipe.STEPS,
    batch: Annotated[int, typer.Option(min=1, help="Mixtures per step.")] = recipe.BATCH,
    minutes: Annotated[float, typer.Option(help="Stop after this time; run again to resume.")] = float("inf"),
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    compiled: Annotated[
        bool, typer.Option(help="Use torch.compile: about twice as fast, needs a C++ compiler.")
    ] = False,
    validation: Annotated[
        int, typer.Option(min=1, help="Held-out mixtures that the best network is chosen by.")
    ] = 48,
    threads: ThreadsOption = 2,
) -> None:
    """Train the demo network; the best one on the validation mixtures is FOLDER/best_model.pth."""
    torch.set_num_threads(threads)
    plan = Plan(steps, batch, device=device, compiled=compiled)
    torch.manual_seed(plan.seed)
    run = Run(plan, ReferenceTasNet(recipe.SPEC))
    run.load(folder)
    mixer = recipe.training_mixer(sounds)
    mixtures = recipe.held_out_mixtures("validation", validation, sounds=sounds)
    with training_progress(console, run.step, steps) as progress:
        train(run, mixer, folder, lambda net: mean_improvement_db(net, mixtures), progress, minutes * 60)
    if (folder / MODEL_FILE).exists():
        level_output(folder / MODEL_FILE, mixtures)


@app.command("evaluate")
def evaluate_command(
    model: Annotated[Path, typer.Argument(help="A network that train saved.")] = recipe.MODEL,
    sounds: SoundsOption = SOUNDS,
    mixtures: Annotated[int, typer.Option(min=3, help="Number of mixtures, of 4 s each.")] = 300,
    untrained: Annotated[
        bool, typer.Option(help="Measure pairs of voices that it was not trained on instead.")
    ] = False,
    threads: ThreadsOption = 2,
) -> None:
    """Measure the SI-SDR improvement on mixtures of test prompts, as a Markdown table by pair of voices."""
    torch.set_num_threads(threads)
    pairs = recipe.UNTRAINED_PAIRS if untrained else recipe.PAIRS
    held_out = recipe.held_out_mixtures("test", mixtures, pairs, sounds)
    typer.echo(markdown_table(measure(load_network(model), held_out)))


@app.command("mixture")
def mixture_command(
    folder: Annotated[Path, typer.Argument(help="Where the audio goes.")] = recipe.ASSETS,
    sounds: SoundsOption = SOUNDS,
) -> None:
    """Write the demo mixture of test prompts, its two sources and the list of its prompts."""
    prompts = [prompt for group in prompts_by_voice(recipe.VOICES, "test", sounds).values() for prompt in group]
    write_demo(recipe.demo_mixture(sounds), prompts, folder)


@app.command("speech")
def speech_command(
    folder: Annotated[Path, typer.Argument(help="Where the recordings go, one folder per group of voices.")],
    sounds: SoundsOption = SOUNDS,
) -> None:
    """Write the training prompts as a folder of speech for `tasnet2hef freeze` and `tasnet2hef distil`."""
    count = write_speech(prompts_by_voice(recipe.VOICES, "training", sounds), recipe.GROUPS, folder)
    typer.echo(f"{count} prompts in {folder}: sources are mixed from different sub-folders")


@app.command("reuse")
def reuse_command(sounds: SoundsOption = SOUNDS) -> None:
    """List held-out prompts whose recording is in training under another name (minutes); none is expected."""
    parts = {part: prompts_by_voice(recipe.VOICES, part, sounds) for part in PARTS}
    for voice in recipe.VOICES:
        held_out = parts["validation"][voice.name] + parts["test"][voice.name]
        for reuse in find_reused(held_out, parts["training"][voice.name]):
            typer.echo(f"{reuse.held_out} = {reuse.training} (correlation {reuse.correlation:.3f})")


def run_app() -> None:
    """Run the command line; a refusal is one line and an exit code, not a traceback."""
    try:
        app()
    except Tasnet2HefError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
