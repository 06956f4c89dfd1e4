"""``tasnet2hef distil``: a student whose norms stream learns from the original net."""

from __future__ import annotations

from pathlib import Path

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    AnyDataOption,
    AssumeOption,
    ForceOption,
    HardwareOption,
    JsonOption,
    OneSpeakerOption,
    SettingsOption,
    SpeakersOption,
    ThreadsOption,
    parse_settings,
    speakers_way,
)
from tasnet2hef.cli.tables import print_norms
from tasnet2hef.train.options import DistilOptions, SpeechOptions, Variant


def command(
    checkpoint: str = typer.Argument(help="Checkpoint of the original, the teacher, or a Hugging Face id."),
    speech: Path = typer.Argument(
        help="Folder of speech (one sub-folder per speaker, or a known data set), or of mixtures (LibriMix, "
        "WHAM!, NAME_mixture.wav)."
    ),
    output: Path = typer.Option(
        Path("student.pth"), "--output", "-o", help="Checkpoint to write; the run is kept beside it, and resumed."
    ),
    norm: str = typer.Option(
        Variant.norm, help="`frozen`: constants that fold away. `cLN`: statistics of each frame, many layers."
    ),
    causal: bool = typer.Option(Variant.causal, "--causal", help="A student that uses past samples only."),
    hid_chan: int | None = typer.Option(
        Variant.hid_chan,
        "--hid-chan",
        min=1,
        help="Hidden channels of a block, the most important of the original's.",
        show_default="the original's",
    ),
    edges: str = typer.Option(Variant.edges, help="See `freeze`."),
    steps: int = typer.Option(DistilOptions.steps, min=1, help="Length of the learning-rate schedule."),
    batch: int = typer.Option(DistilOptions.batch, min=1, help="Mixtures per step (of each process)."),
    seconds: float = typer.Option(SpeechOptions.seconds, help="Length of a mixture, in seconds."),
    rate: float = typer.Option(DistilOptions.rate, help="Peak learning rate."),
    truth: float = typer.Option(
        DistilOptions.truth,
        min=0,
        max=1,
        help="Weight of the true sources, where they are known; 0: learn from the original alone.",
    ),
    noise_bits: int | None = typer.Option(
        DistilOptions.noise_bits,
        "--noise-bits",
        help="Train with the rounding noise of that many bits at the layers' borders.",
    ),
    minutes: float = typer.Option(
        DistilOptions.minutes, help="Stop after this time; run again to resume.", show_default="none"
    ),
    patience: int = typer.Option(
        DistilOptions.patience, min=1, help="Validations without improvement after which training stops."
    ),
    validate_every: int = typer.Option(
        DistilOptions.validate_every, "--validate-every", min=1, help="Steps between validations."
    ),
    validation_clips: int = typer.Option(
        SpeechOptions.validation_clips, "--validation-clips", min=1, help="Mixtures that the best is chosen by."
    ),
    test_clips: int = typer.Option(
        SpeechOptions.test_clips, "--test-clips", min=1, help="Mixtures that the result is measured on."
    ),
    hours: float = typer.Option(SpeechOptions.hours, help="Hours of speech to read at most."),
    seed: int = typer.Option(DistilOptions.seed, help="Seed of the mixtures."),
    device: str = typer.Option(DistilOptions.device, help="`cpu`, `cuda` or `cuda:N`; on CUDA with bfloat16."),
    threads: ThreadsOption = None,
    compiled: bool = typer.Option(
        DistilOptions.compiled,
        "--compiled",
        help="Use torch.compile: about twice as fast; needs a C++ compiler.",
    ),
    fresh: bool = typer.Option(DistilOptions.fresh, "--fresh", help="Discard an earlier run and start again."),
    hardware: HardwareOption = SpeechOptions.hardware,
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    speakers: SpeakersOption = "",
    one_speaker: OneSpeakerOption = False,
    any_data: AnyDataOption = False,
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Train a student whose norms stream and fold to do what the original does; only mixtures are needed.

    Hours on a CPU, less with a GPU. An interrupted run resumes where it last validated. Several processes:
    `torchrun --nproc-per-node 4 -m tasnet2hef distil ...`.

    Example: `tasnet2hef distil my_model.pth speech/ -o student.pth`
    """
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
