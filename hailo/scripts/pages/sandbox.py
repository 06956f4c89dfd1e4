"""A folder with small examples of a user's files, and a run of every command in it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import soundfile

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.to_hef import NOT_COMPILED_CODE

ASSETS: Final = Path(__file__).parents[2] / "assets"
_VOICES: Final = 2
_LOG: Final = "[info] Using Multi-context flow\n[error] Mapping Failed\nconv1 errors: Agent infeasible\n"
_SMALL_SPEECH: Final = ("--seconds", "0.5", "--test-clips", "2")
_SMALL_STUDY: Final = ("--grid", "grid.toml", "--windows", "8", "--any-data", "--workers", "0")

# Ordered so that each command finds the files that earlier ones write.
RUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "convert": ("my_model.pth", "--seconds", "0.5", "-o", "build/"),
    "check": ("build/my_model.onnx",),
    "layers": ("build/my_model.onnx",),
    "rules": ("row-too-wide",),
    "patch": ("build/my_model.onnx",),
    "inspect": ("build/my_model.onnx",),
    "calibrate": ("build/my_model.onnx", "speech/", "-o", "build/calib.npz", "--windows", "8"),
    "simulate": (
        *("build/my_model.onnx", "build/calib.npz", "--eval", "test_set/"),
        *("--quick", "--windows", "2", "--plots", "none"),
    ),
    "compile": ("build/my_model.onnx", "--calib", "build/calib.npz", "-o", "build/my_model.hef"),
    "separate": (
        *("build/my_model.onnx", "mixture.wav", "-o", "out/"),
        *("--reference", "source_1.wav", "--reference", "source_2.wav"),
    ),
    "live": ("build/my_model.onnx", "--from-file", "mixture.wav", "--to-file", "heard.wav", "--speed", "0"),
    "selftest": ("build/my_model.onnx", "--no-simulate"),
    "doctor": (),
    "report": ("build/my_model.onnx",),
    "diff": ("build/my_model.onnx", "wide.onnx"),
    "demo": ("-o", "build/demo", "--seconds", "0.5"),
    "explain": ("compile.log", "--graph", "wide.onnx", "--stage", "compile"),
    "probe": ("--plan", "--only", "row-too-wide,Softmax"),
    "reduce": ("wide.onnx", "--rule", "row-too-wide", "-o", "reduced/"),
    "freeze": ("my_model.pth", "speech/", "-o", "frozen.pth", "--clips", "2", *_SMALL_SPEECH),
    "distil": (
        *("my_model.pth", "speech/", "-o", "student.pth"),
        *("--steps", "2", "--batch", "1", "--validation-clips", "2", "--validate-every", "1"),
        *_SMALL_SPEECH,
    ),
    "explore": ("my_model.pth", "speech/", "-o", "study/", *_SMALL_STUDY),
    "go": ("student.pth", "speech/", "-o", "guided/", "--seconds", "0.5", "--windows", "8", "--no-search"),
}


def prepare(folder: Path) -> Path:
    """Fill ``folder`` with a checkpoint, a mixture with its sources, speech, a test set, a graph and a verdict."""
    import onnx

    from tasnet2hef.target.rules.row_too_wide import RULE

    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ASSETS / "demo_model.pth", folder / "my_model.pth")
    _cut(ASSETS / "demo_mixture.wav", folder / "mixture.wav", 0, 3)
    _cut(ASSETS / "demo_mixture.wav", folder / "test_set" / "a_mixture.wav", 0, 1)
    for voice in range(1, _VOICES + 1):
        source = ASSETS / f"demo_source_{voice}.wav"
        _cut(source, folder / f"source_{voice}.wav", 0, 3)
        _cut(source, folder / "test_set" / f"a_source_{voice}.wav", 0, 1)
        for start in range(8):
            _cut(source, folder / "speech" / f"voice_{voice}" / f"{voice}_{start}.wav", start, 1)
    onnx.save(RULE.bad[0](), str(folder / "wide.onnx"))
    (folder / "grid.toml").write_text("seconds = [0.5]\nsegments = [1, 99]\n", encoding="utf-8")
    (folder / "compile.log").write_text(_LOG, encoding="utf-8")
    _save_verdict(folder / "theirs.jsonl")
    return folder


def _save_verdict(path: Path) -> None:
    """Write one line of a knowledge file, as another machine would send it."""
    from tasnet2hef.target.known.knowledge import Verdict
    from tasnet2hef.target.known.knowledge_file import save_verdicts

    row = Verdict("compile/0", "tasnet2hef compile, 2026-11-26", "9.9.0", "hailo8", "compile", "pass", "2 Conv")
    save_verdicts(path, [row])


def _cut(source: Path, target: Path, start_seconds: int, seconds: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    samples, rate_hz = soundfile.read(source, dtype="int16")
    part = samples[start_seconds * rate_hz : (start_seconds + seconds) * rate_hz]
    soundfile.write(target, part, rate_hz, subtype="PCM_16")


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Make ``folder`` the working folder of a block."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def json_of_every_command(folder: Path) -> dict[str, dict[str, Any]]:
    """Run every command with ``--json`` in a prepared folder; return the JSON of each.

    Raises:
        RuntimeError: a command has no example here, failed, or printed something else.
    """
    missing = {command for command in _commands() if command not in RUNS}
    if missing:
        raise RuntimeError(f"scripts/pages/sandbox.py: found no example of {sorted(missing)}; add it to RUNS")
    with inside(folder):
        return {name: _printed(name) for name in RUNS}


def _commands() -> list[str]:
    return [command.name or "" for command in make_app().registered_commands]


def _printed(name: str) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = run(make_app(), ["--quiet", name, *RUNS[name], "--json"])
    if code not in (0, NOT_COMPILED_CODE):
        raise RuntimeError(
            f"tasnet2hef {name}: exit code {code}, expected 0 or {NOT_COMPILED_CODE}: {errors.getvalue()}"
        )
    content: dict[str, Any] = json.loads(printed.getvalue())
    return content
