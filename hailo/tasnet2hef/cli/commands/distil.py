"""``tasnet2hef distil``: a student whose norms stream learns from the original net."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    RARE_PANEL,
    AnyDataOption,
    AssumeOption,
    ForceOption,
    HardwareOption,
    JsonOption,
    OneSpeakerOption,
    SettingsOption,
    SpeakersOption,
    ThreadsOption,
    VerboseOption,
    parse_settings,
    speakers_way,
)
from tasnet2hef.cli.tables import print_norms
from tasnet2hef.train.options import DistilOptions, SpeechOptions, Variant

TRAINING_PANEL: Final = "Training"


def command(
    checkpoint: str = typer.Argument(
        metavar="CHECKPOINT", help="Checkpoint of the original, the teacher, or a Hugging Face id."
    ),
    speech: Path = typer.Argument(
        metavar="SPEECH_FOLDER",
        help="Folder of speech (one sub-folder per speaker, or a known data set), or of mixtures (LibriMix, "
        "WHAM!, NAME_mixture.wav).",
    ),
    output: Path = typer.Option(
        Path("student.pth"),
        "--output",
        "-o",
        metavar="FILE",
        help="Checkpoint to write; the run is kept beside it, and resumed.",
    ),
    norm: str = typer.Option(
        Variant.norm,
        metavar="bN|cLN",
        help="`frozen`: constants that fold away. `cLN`: statistics of each frame, many layers.",
    ),
    causal: bool = typer.Option(Variant.causal, "--causal", help="A student that uses past samples only."),
    hid_chan: int | None = typer.Option(
        Variant.hid_chan,
        "--hid-chan",
        min=1,
        metavar="NUMBER",
        help="Hidden channels of a block, the most important of the original's.",
        show_default="the original's",
        rich_help_panel=RARE_PANEL,
    ),
    edges: str = typer.Option(
        Variant.edges, metavar="moved|kept", help="See `freeze`.", rich_help_panel=RARE_PANEL
    ),
    steps: int = typer.Option(
        DistilOptions.steps,
        min=1,
        metavar="NUMBER",
        help="Length of the learning-rate schedule.",
        rich_help_panel=TRAINING_PANEL,
    ),
    batch: int = typer.Option(
        DistilOptions.batch,
        min=1,
        metavar="NUMBER",
        help="Mixtures per step (of each process).",
        rich_help_panel=TRAINING_PANEL,
    ),
    seconds: float = typer.Option(
        SpeechOptions.seconds, metavar="SECONDS", help="Length of a mixture, in seconds."
    ),
    rate: float = typer.Option(
        DistilOptions.rate, metavar="NUMBER", help="Peak learning rate.", rich_help_panel=TRAINING_PANEL
    ),
    truth: float = typer.Option(
        DistilOptions.truth,
        min=0,
        max=1,
        metavar="NUMBER",
        help="Weight of the true sources, where they are known; 0: learn from the original alone.",
        rich_help_panel=TRAINING_PANEL,
    ),
    noise_bits: int | None = typer.Option(
        DistilOptions.noise_bits,
        "--noise-bits",
        metavar="NUMBER",
        help="Train with the rounding noise of that many bits at the layers' borders.",
        rich_help_panel=TRAINING_PANEL,
    ),
    minutes: float = typer.Option(
        DistilOptions.minutes,
        metavar="MINUTES",
        help="Stop after this time; run again to resume.",
        show_default="none",
        rich_help_panel=TRAINING_PANEL,
    ),
    patience: int = typer.Option(
        DistilOptions.patience,
        min=1,
        metavar="NUMBER",
        help="Validations without improvement after which training stops.",
        rich_help_panel=TRAINING_PANEL,
    ),
    validate_every: int = typer.Option(
        DistilOptions.validate_every,
        "--validate-every",
        min=1,
        metavar="NUMBER",
        help="Steps between validations.",
        rich_help_panel=TRAINING_PANEL,
    ),
    validation_clips: int = typer.Option(
        SpeechOptions.validation_clips,
        "--validation-clips",
        min=1,
        metavar="NUMBER",
        help="Mixtures that the best is chosen by.",
        rich_help_panel=TRAINING_PANEL,
    ),
    test_clips: int = typer.Option(
        SpeechOptions.test_clips,
        "--test-clips",
        min=1,
        metavar="NUMBER",
        help="Mixtures that the result is measured on.",
        rich_help_panel=RARE_PANEL,
    ),
    hours: float = typer.Option(
        SpeechOptions.hours, metavar="HOURS", help="Hours of speech to read at most.", rich_help_panel=RARE_PANEL
    ),
    seed: int = typer.Option(
        DistilOptions.seed, metavar="NUMBER", help="Seed of the mixtures.", rich_help_panel=TRAINING_PANEL
    ),
    device: str = typer.Option(
        DistilOptions.device,
        metavar="cpu|cuda",
        help="`cpu`, `cuda` or `cuda:N`; on CUDA with bfloat16.",
        rich_help_panel=TRAINING_PANEL,
    ),
    threads: ThreadsOption = None,
    compiled: bool = typer.Option(
        DistilOptions.compiled,
        "--compiled",
        help="Use torch.compile: about twice as fast; needs a C++ compiler.",
        rich_help_panel=TRAINING_PANEL,
    ),
    fresh: bool = typer.Option(
        DistilOptions.fresh,
        "--fresh",
        help="Discard an earlier run and start again.",
        rich_help_panel=TRAINING_PANEL,
    ),
    hardware: HardwareOption = SpeechOptions.hardware,
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    speakers: SpeakersOption = "",
    one_speaker: OneSpeakerOption = False,
    any_data: AnyDataOption = False,
    force: ForceOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Train a student whose norms stream and fold to do what the original does; only mixtures are needed.

    Hours on a CPU, less with a GPU. An interrupted run resumes where it last validated. Several processes:
    `torchrun --nproc-per-node 4 -m tasnet2hef distil ...`.

    Example:

    `tasnet2hef distil my_model.pth speech/ -o student.pth`
    """
    show.set_verbose(verbose)
    import torch

    from tasnet2hef.cli.progress import training_progress
    from tasnet2hef.train.replace_norms import distil_file

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
        assume=assume,
        speakers=speakers_way(speakers, one_speaker),
        any_data=any_data,
    )
    with training_progress(show.error_console(), 0, steps) as progress:
        report = distil_file(checkpoint, speech, output, options, speech_options, progress, force=force)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_norms(report)
