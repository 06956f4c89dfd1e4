"""``tasnet2hef demo``: the whole way on the CPU with the model and the recording that come along."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import ForceOption, JsonOption, ThreadsOption
from tasnet2hef.cli.progress import progress_bar, waiting
from tasnet2hef.cli.tables import print_separation

_ASSETS: Final = Path(__file__).parents[2] / "assets"
"""A link to ``hailo/assets`` in a checkout; a wheel holds what is needed of it."""
_NEEDED: Final = ("demo_student.pth", "demo_mixture.wav", "demo_source_1.wav", "demo_source_2.wav")


def command(
    output: Path = typer.Option(
        Path("build/demo"), "--output", "-o", metavar="FOLDER", help="Folder for the results."
    ),
    seconds: float = typer.Option(2.0, metavar="SECONDS", help="Length of the window, in seconds."),
    threads: ThreadsOption = None,
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Convert the shipped checkpoint, check it, separate ten seconds of two people talking, and report.

    Example:

    `tasnet2hef demo -o build/demo`
    """
    if find_spec("torch") is None:
        raise OptionError(
            f"torch: not installed in {sys.executable}, expected it to convert the demo's checkpoint; "
            "pip install 'tasnet2hef[torch]', or uvx --from 'tasnet2hef[torch]' tasnet2hef demo"
        )
    assets = find_assets(_ASSETS)
    model, mixture, *references = (assets / name for name in _NEEDED)

    from tasnet2hef.model.export import ExportOptions, export_file
    from tasnet2hef.report.listening import listen
    from tasnet2hef.report.save import write_report
    from tasnet2hef.runtime.separate import separate_file
    from tasnet2hef.target.check import check_graph

    graph = output / f"{model.stem}.onnx"
    with waiting(f"converting {model.name}"):
        exported = export_file(str(model), graph, ExportOptions(seconds=seconds, force=force))
        (opened,) = exported.graphs
        checked = check_graph(opened)
    with progress_bar(f"separating {mixture.name}") as progress:
        separated = separate_file(
            graph, mixture, output, references=references, threads=threads, progress=progress, force=force
        )
    with waiting("making the page"):
        heard = listen(opened, mixture, references=references, threads=threads)
        page = write_report(
            opened, export=exported, check=checked, audio=heard, inputs=[model, mixture], force=force
        )
    if json_output:
        show.print_json({"onnx": str(graph), "separation": separated.to_json(), "report": str(page)})
        return
    show.line(f"graph: {graph}, {min(row.db for row in exported.parity):.0f} dB from its original")
    print_separation(separated)
    show.line(f"report, to be opened in a browser: {page}")
    show.next_command("tasnet2hef convert my_model.pth -o build/", "your own model")


def find_assets(folder: Path) -> Path:
    """Return the folder of the shipped model and recordings.

    Raises:
        OptionError: one is missing, as it is where a bundle's wheel was installed.
    """
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise OptionError(
            f"{folder / missing[0]}: no such file, expected the demo model and its recordings; install tasnet2hef "
            "from an index or a checkout, or convert your own model"
        )
    return folder
