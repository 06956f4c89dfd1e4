"""Checks that a command line could be run, where running it needs a network, a device or the vendor's software."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer.main

from tasnet2hef.base.version import __version__
from tasnet2hef.cli.main import make_app
from tasnet2hef.compiler.bundle import BUNDLE_FILES, BUNDLE_FOLDER
from tests.docs.console_blocks import ROOT

_GLOBAL = ("--quiet", "-q", "--debug", "--version", "--install-completion", "--show-completion")
_INSTALLERS = (("sudo", "apt-get", "install"), ("pip", "install"), ("python3", "-m", "venv"))
_OF_OTHER_MACHINES = ("sudo", "scp", "ssh", "docker", "hailortcli", "systemctl", "loginctl", "pw-cli")
"""Programs of a Raspberry Pi with a device and of a compiler's machine, which may not be here."""


def check_exists(words: tuple[str, ...]) -> None:
    """Check a command line's program, sub-command, options and the files of this repository that it names.

    Raises:
        AssertionError: one of them is not there.
    """
    if words[0] == "make":
        _check_make(words[1:])
    elif words[0] == "tasnet2hef":
        _check_command(words[1:])
    elif words[0].endswith("-env/bin/dask"):
        _check_dask(words[1:])
    elif words[0] == "source":
        assert words[1].endswith("/bin/activate"), words
    elif words[0] in _OF_OTHER_MACHINES and words[:3] not in _INSTALLERS:
        assert len(words) > 1, words
    elif words[0] == "cd":
        assert words[1:] == (BUNDLE_FOLDER,), words
    elif words[0].startswith("./"):
        assert (BUNDLE_FILES / words[0]).is_file(), words
    elif words[:2] == ("python", "-m"):
        done = subprocess.run([sys.executable, *words[1:4], "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    else:
        assert any(words[: len(each)] == each for each in _INSTALLERS), f"can't be checked, nor run: {words}"
        _check_wheel(" ".join(words))


def _check_dask(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "dask", words[0], "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    missing = [word for word in words if word.startswith("--") and word not in done.stdout]
    assert not missing, f"dask {words[0]} has no {missing}"


def _check_make(words: tuple[str, ...]) -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets, settings = (
        set(re.findall(r"^([a-z-]+):", rules, re.M)),
        set(re.findall(r"^([A-Z_]+) \?=", rules, re.M)),
    )
    for word in words:
        name, is_setting, _ = word.partition("=")
        assert name in (settings if is_setting else targets), f"make {word}: not in the Makefile"


def _check_command(words: tuple[str, ...]) -> None:
    root: Any = typer.main.get_command(make_app())
    rest = [word for word in words if word not in _GLOBAL]
    if not rest or "--install-completion" in words:
        return
    command = root.commands[rest[0]]
    known = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}
    for word in rest[1:]:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"tasnet2hef {rest[0]}: no option {word}"


def _check_wheel(line: str) -> None:
    for version, extra in re.findall(r"tasnet2hef-([\d.]+)-py3-none-any\.whl(?:\[(\w+)\])?", line):
        assert version == __version__, line
        if extra:
            assert re.search(rf"^{extra} = \[", Path(ROOT / "pyproject.toml").read_text(), re.M), line
