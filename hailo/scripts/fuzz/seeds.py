"""Whole files that several kinds need: a small net, recordings, and what a command makes of them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import soundfile

from scripts.fuzz.case import Files
from scripts.fuzz.judge import DONE
from tasnet2hef.cli.main import make_app, run
from tests.quantize.small_net import babble, save_net


def make_net(folder: Path, name: str = "net.onnx") -> Path:
    """Write a small net of two sources at 8 kHz, with windows of 0.1 s."""
    return save_net(folder / name)


def make_speech(folder: Path, clips: int = 2) -> Path:
    """Write a folder of short recordings."""
    speech = folder / "speech"
    speech.mkdir()
    for number in range(clips):
        soundfile.write(speech / f"voice_{number}.wav", babble(0.6, number), 8000)
    return speech


def made_by(*arguments: str | Path) -> None:
    """Run a command of tasnet2hef for the files that it writes.

    Raises:
        RuntimeError: it did not do its work.
    """
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = run(make_app(), ["--quiet", *map(str, arguments)])
    if code not in DONE:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: exit code {code}: {said.getvalue()}")


def below(seeds: Files, *folders: str) -> dict[str, bytes]:
    """Return the files that are in some folders, or are called so."""
    return {
        name: content
        for name, content in seeds.items()
        if any(name == folder or name.startswith(f"{folder}/") for folder in folders)
    }


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder`` by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
