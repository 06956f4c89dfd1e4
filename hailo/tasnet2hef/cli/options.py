"""Options that several commands share, and the parsers of what they take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import RecordError, parse_json, shown
from tasnet2hef.target.known import chip_names

if TYPE_CHECKING:
    from tasnet2hef.audio.files import Channel
    from tasnet2hef.runtime.stream.halo import Halo


def _chips() -> str:
    """Return the names of the chips for a help text, the short ones first."""
    *others, last = sorted(chip_names(), key=lambda name: (len(name), name))
    return f"{', '.join(f'`{name}`' for name in others)} or `{last}`"


CHIPS: Final = _chips()
HardwareOption = Annotated[str, typer.Option("--hw", metavar="CHIP", help=f"Chip: {CHIPS}.")]
InputShapeOption = Annotated[
    list[str],
    typer.Option("--input-shape", metavar="NAME=1,1,1,16000", help="Shape of a dynamic input; may be repeated."),
]
OUTPUT_PANEL: Final = "What is printed"
RARE_PANEL: Final = "Rarely needed"
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object instead of text.", rich_help_panel=OUTPUT_PANEL),
]
VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Also evidence, places and all figures; works before the command too.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
SettingsOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="An option that the checkpoint does not contain, e.g. `--set mask_act=relu`; may be repeated.",
    ),
]
AssumeOption = Annotated[
    bool,
    typer.Option(
        "--assume",
        help="Take the family's default for what decides the numbers and is stored nowhere: no question.",
    ),
]
SpeakersOption = Annotated[
    str,
    typer.Option(
        "--speakers",
        metavar="folders|files|PATTERN",
        help="What tells speakers apart where names don't say it: each folder is one, each file is one, or a "
        "pattern of paths such as `{speaker}_*` or `*/{speaker}/*`.",
        show_default="by names, see docs",
    ),
]
OneSpeakerOption = Annotated[
    bool, typer.Option("--one-speaker", help="All recordings are of one voice: mix it with itself.")
]
AnyDataOption = Annotated[
    bool,
    typer.Option(
        "--any-data", help="Take recordings or a calibration set that would be refused: noise, another level, ..."
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace files that this command did not make from these inputs; never an input or a device.",
    ),
]
ForceCompileOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Compile although `check` found errors, the calibration set is refused or 8 bits are broken, and "
        "replace files that this command did not make from these inputs; never an input or a device.",
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER", min=1, help="CPU threads.", show_default="all cores", rich_help_panel=RARE_PANEL
    ),
]
SIDE_BY_SIDE_PANEL: Final = "Side by side"
MOST_WORKERS: Final = 256
"""More processes than any one machine has use for."""
SchedulerOption = Annotated[
    str,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Run on the workers of a Dask cluster: the address of its scheduler, such as `tcp://host:8786`.",
        show_default="none, in this process",
        rich_help_panel=SIDE_BY_SIDE_PANEL,
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers",
        metavar="NUMBER",
        min=0,
        max=MOST_WORKERS,
        help="Run on so many processes of this machine; needs Dask: `pip install 'tasnet2hef[cluster]'`.",
        show_default="none, in this process",
        rich_help_panel=SIDE_BY_SIDE_PANEL,
    ),
]


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Parse ``NAME=VALUE`` pairs; a value that is no JSON is text.

    >>> parse_settings(["n_src=2", "mask_act=relu", "causal=true"])
    {'n_src': 2, 'mask_act': 'relu', 'causal': True}
    """
    parsed: dict[str, object] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or not name:
            raise OptionError(f"--set: found {setting!r}, expected NAME=VALUE, for example n_blocks=8")
        try:
            parsed[name.strip()] = parse_json(text.lower() if text in ("True", "False", "None") else text)
        except RecordError:
            parsed[name.strip()] = text.strip()
    return parsed


def speakers_way(speakers: str, one_speaker: bool) -> str:
    """Return how speakers are told apart, from both options.

    Raises:
        OptionError: both were given.

    >>> speakers_way("folders", False), speakers_way("", True)
    ('folders', 'one')
    """
    if speakers and one_speaker:
        raise OptionError(f"--one-speaker: found --speakers {speakers} beside it, expected one of them")
    return "one" if one_speaker else speakers


def parse_shapes(settings: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Parse ``--input-shape`` options.

    >>> parse_shapes(["input=1,1,1,16000"])
    {'input': (1, 1, 1, 16000)}
    """
    shapes = {}
    for setting in settings:
        name, _, sizes = setting.rpartition("=")
        numbers = [number_in(number.strip()) for number in sizes.replace("x", ",").split(",")]
        known = tuple(number for number in numbers if number is not None)
        if not name or len(known) < len(numbers):
            raise OptionError(f"--input-shape {setting}: expected NAME=1,1,1,16000")
        shapes[name] = known
    return shapes


def number_in(text: str) -> int | None:
    """Return a number without a sign, of at most 18 digits; None for any other text.

    >>> number_in("12"), number_in("²"), number_in("9" * 5000)
    (12, None, None)
    """
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def parse_channel(text: str) -> Channel:
    """Parse ``mix``, ``each`` or a channel's number from 1.

    Raises:
        OptionError: it is none of these.

    >>> parse_channel("1")
    1
    """
    if text == "mix":
        return "mix"
    if text == "each":
        return "each"
    if number := number_in(text):
        return number
    raise OptionError(f"--channel: found {shown(text)}, expected mix, each or a number from 1")


def parse_halo(text: str) -> Halo:
    """Parse ``full`` or a number of milliseconds.

    Raises:
        OptionError: it is none of these.

    >>> parse_halo("200")
    200.0
    """
    if text == "full":
        return "full"
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--halo: found {text!r}, expected full or milliseconds, for example 200") from None
