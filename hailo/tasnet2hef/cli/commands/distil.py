"""``tasnet2hef distil``: a student whose norms stream learns from the original."""

from __future__ import annotations

import math
from pathlib import Path

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.norm_report import print_norm_report
from tasnet2hef.cli.options import parse_settings


def command(
    checkpoint: str = typer.Argument(help="Checkpoint of the original, the teacher, or a Hugging Face id."),
    speech: Path = typer.Argument(
        help="Folder of speech (a sub-folder a speaker), or of mixtures (LibriMix, WHAM!, NAME_mixture.wav)."
    ),
    output: Path = typer.Option(
        Path("student.pth"), "--output", "-o", help="Checkpoint to write; the run lies beside it, and is taken up."
    ),
    norm: str = typer.Option("frozen", help="`frozen`: constants that fold away. `cLN`: per frame, many layers."),
    causal: bool = typer.Option(False, "--causal", help="A student that hears the past only."),
    hid_chan: int | None = typer.Option(
        None,
        "--hid-chan",
        min=1,
        help="Hidden channels of a block, the most important of the original's.",
        show_default="the original's",
    ),
    edges: str = typer.Option("moved", help="See `freeze`."),
    steps: int = typer.Option(20_000, min=1, help="Length of the learning-rate schedule."),
    batch: int = typer.Option(4, min=1, help="Mixtures a step (a process)."),
    seconds: float = typer.Option(4.0, help="Length of a mixture."),
    rate: float = typer.Option(5e-4, help="Peak learning rate."),
    truth: float = typer.Option(
        0.5, min=0, max=1, help="Weight of the true sources, where they are known; 0: the original alone teaches."
    ),
    noise_bits: int | None = typer.Option(
        None, "--noise-bits", help="Train with the rounding noise of that many bits at the layers' borders."
    ),
    minutes: float = typer.Option(
        math.inf, help="Stop after this time; start again to go on.", show_default="none"
    ),
    patience: int = typer.Option(20, min=1, help="Validations without a better one before it stops."),
    validate_every: int = typer.Option(250, "--validate-every", min=1, help="Steps between validations."),
    validation_clips: int = typer.Option(24, "--validation-clips", min=1, help="Mixtures that choose the best."),
    test_clips: int = typer.Option(60, "--test-clips", min=1, help="Mixtures that the result is measured on."),
    hours: float = typer.Option(10.0, help="Most speech to read."),
    seed: int = typer.Option(1, help="Seed of the mixtures."),
    device: str = typer.Option("cpu", help="`cpu`, `cuda` or `cuda:N`; on CUDA with bfloat16."),
    threads: int | None = typer.Option(None, min=1, help="CPU threads.", show_default="all cores"),
    compiled: bool = typer.Option(
        False, "--compiled", help="torch.compile: about twice as fast; needs a compiler."
    ),
    fresh: bool = typer.Option(False, "--fresh", help="Forget an earlier run."),
    hardware: str = typer.Option("hailo8", "--hw", help="Chip that layers and contexts are predicted for."),
    settings: list[str] = typer.Option(
        [], "--set", metavar="NAME=VALUE", help="What the checkpoint does not say, e.g. `--set mask_act=relu`."
    ),
    json_output: bool = typer.Option(False, "--json", help="Print one JSON object instead of tables."),
) -> None:
    """Train a student whose norms stream and fold; the original teaches, only mixtures are needed.

    Hours on a CPU, less with a GPU. A run that was cut goes on where it last validated. Several processes:
    `torchrun --nproc-per-node 4 -m tasnet2hef distil ...`.

    Example: `tasnet2hef distil my_model.pth speech/ -o student.pth`
    """
    import torch

    from tasnet2hef.cli.training_display import show_progress
    from tasnet2hef.train.stages import DistilOptions, SpeechOptions, distil_file
    from tasnet2hef.train.student import Variant

    if threads is not None:
        torch.set_num_threads(threads)
    options = DistilOptions(
        variant=Variant(norm, causal, hid_chan, edges),
        steps=steps,
        batch=batch,
        rate=rate,
        truth=truth,
        noise_bits=noise_bits,
        validate_every=validate_every,
        patience=patience,
        seed=seed,
        device=device,
        compiled=compiled,
        minutes=minutes,
        fresh=fresh,
    )
    speech_options = SpeechOptions(
        seconds=seconds,
        hours=hours,
        test_clips=test_clips,
        validation_clips=validation_clips,
        hardware=hardware,
        settings=parse_settings(settings),
    )
    with show_progress(show.error_console(), 0, steps) as tell:
        report = distil_file(checkpoint, speech, output, options, speech_options, tell)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_norm_report(report)
