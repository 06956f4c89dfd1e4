"""``tasnet2hef freeze``: norms over the clip become constants, in minutes."""

from __future__ import annotations

from pathlib import Path

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.norm_report import print_norm_report
from tasnet2hef.cli.options import parse_settings


def command(
    checkpoint: str = typer.Argument(
        help="Checkpoint of a net (with bN: only the edges are moved), or a Hugging Face id."
    ),
    speech: Path = typer.Argument(
        help="Folder of speech (a sub-folder a speaker), or of mixtures (LibriMix, WHAM!, NAME_mixture.wav)."
    ),
    output: Path = typer.Option(Path("frozen.pth"), "--output", "-o", help="Checkpoint to write."),
    clips: int = typer.Option(64, min=1, help="Mixtures that the constants are fitted to."),
    seconds: float = typer.Option(4.0, help="Length of a mixture."),
    edges: str = typer.Option(
        "moved",
        help="Constants before a depthwise convolution: `moved` behind it (fewest layers), or `kept` before it.",
    ),
    test_clips: int = typer.Option(60, "--test-clips", min=1, help="Mixtures that the result is measured on."),
    hours: float = typer.Option(10.0, help="Most speech to read."),
    hardware: str = typer.Option("hailo8", "--hw", help="Chip that layers and contexts are predicted for."),
    settings: list[str] = typer.Option(
        [], "--set", metavar="NAME=VALUE", help="What the checkpoint does not say, e.g. `--set mask_act=relu`."
    ),
    json_output: bool = typer.Option(False, "--json", help="Print one JSON object instead of tables."),
) -> None:
    """Replace a net's norms by constants that fit its own speech, so that it streams and folds; say what it costs.

    The result is a checkpoint with batch norm, which Asteroid reads too. `distil` wins back what it loses.

    Example: `tasnet2hef freeze my_model.pth speech/ -o frozen.pth`
    """
    from tasnet2hef.train.stages import SpeechOptions, freeze_file

    options = SpeechOptions(
        seconds=seconds, hours=hours, test_clips=test_clips, hardware=hardware, settings=parse_settings(settings)
    )
    with show.waiting("freezing and measuring"):
        report = freeze_file(checkpoint, speech, output, options, edges=edges, clips=clips)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_norm_report(report)
