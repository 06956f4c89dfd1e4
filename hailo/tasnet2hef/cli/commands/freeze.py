"""``tasnet2hef freeze``: norms over the clip become constants, in minutes."""

from __future__ import annotations

from pathlib import Path

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
    VerboseOption,
    parse_settings,
    speakers_way,
)
from tasnet2hef.cli.progress import progress_bar
from tasnet2hef.cli.tables import print_norms
from tasnet2hef.train.options import FreezeOptions, SpeechOptions


def command(
    checkpoint: str = typer.Argument(
        metavar="CHECKPOINT", help="Checkpoint of a net (with bN: only the edges are moved), or a Hugging Face id."
    ),
    speech: Path = typer.Argument(
        metavar="SPEECH_FOLDER",
        help="Folder of speech (one sub-folder per speaker, or a known data set), or of mixtures (LibriMix, "
        "WHAM!, NAME_mixture.wav).",
    ),
    output: Path = typer.Option(Path("frozen.pth"), "--output", "-o", metavar="FILE", help="Checkpoint to write."),
    clips: int = typer.Option(
        FreezeOptions.clips,
        min=1,
        metavar="NUMBER",
        help="Mixtures that the constants are fitted to.",
        rich_help_panel=RARE_PANEL,
    ),
    seconds: float = typer.Option(
        SpeechOptions.seconds, metavar="SECONDS", help="Length of a mixture, in seconds."
    ),
    edges: str = typer.Option(
        FreezeOptions.edges,
        metavar="moved|kept",
        help="Constants before a depthwise convolution: `moved` behind it (fewest layers), or `kept` before it.",
        rich_help_panel=RARE_PANEL,
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
    """Replace a net's norms with constants fitted to speech, so that it streams and folds; measure the cost.

    The result is a checkpoint with batch norm, which Asteroid reads too. `distil` wins back what it loses.

    Example:

    `tasnet2hef freeze my_model.pth speech/ -o frozen.pth`
    """
    show.set_verbose(verbose)
    from tasnet2hef.train.replace_norms import freeze_file

    options = FreezeOptions(clips=clips, edges=edges)
    speech_options = SpeechOptions(
        seconds=seconds,
        hours=hours,
        test_clips=test_clips,
        hardware=hardware,
        settings=parse_settings(settings),
        assume=assume,
        speakers=speakers_way(speakers, one_speaker),
        any_data=any_data,
    )
    with progress_bar("freezing, then measuring at 5 levels") as progress:
        report = freeze_file(checkpoint, speech, output, options, speech_options, progress, force=force)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_norms(report)
