"""The files of the run-book for a Raspberry Pi, checked by the programs that read them, if those are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.console_blocks import ROOT
from tests.docs.existence import check_exists

PAGE = ROOT / "docs/how_to/raspberry_pi.md"


def _file(name: str) -> str:
    match = re.search(
        rf'```[a-z-]+ title="{re.escape(name)}"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert match, name
    return match[1]


def _verified(unit: str, folder: Path) -> str:
    """Return what systemd says of a unit of a user whose home is ``folder``; empty if all is well."""
    program = folder / "separate/bin/tasnet2hef"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = folder / "chosen_voice.service"
    path.write_text(unit)
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(path)],
        env={**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = _file("chosen_voice.service")
    assert _verified(unit, tmp_path) == ""
    assert "Unknown key" in _verified(unit.replace("KillSignal", "KillSignl"), tmp_path)


def test_the_units_command_exists() -> None:
    line = re.search(r"^ExecStart=%h/separate/bin/(.*)$", _file("chosen_voice.service"), re.MULTILINE)
    assert line
    check_exists(tuple(line[1].split()))


@pytest.mark.skipif(
    shutil.which("spa-json-dump") is None, reason="PipeWire's parser (pipewire-bin) is not installed"
)
def test_pipewire_reads_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "chosen_voice.conf"
    path.write_text(_file("chosen_voice.conf"))
    done = subprocess.run(["spa-json-dump", str(path)], capture_output=True, text=True, check=True)
    (module,) = json.loads(done.stdout)["context.modules"]
    assert module["name"] == "libpipewire-module-loopback"
    assert module["args"]["playback.props"]["media.class"] == "Audio/Source"


def test_the_files_name_each_other() -> None:
    nodes = re.findall(r'node\.name = "(\w+)"', _file("chosen_voice.conf"))
    assert nodes == ["chosen_voice_in", "chosen_voice"]
    assert f'playback_node "{nodes[0]}"' in _file(".asoundrc")
    pcm = re.search(r"pcm\.(\w+) \{", _file(".asoundrc"))
    assert pcm
    assert f"--output-device {pcm[1]}" in _file("chosen_voice.service")
