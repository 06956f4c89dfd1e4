"""The public face: functions that import what they need when they are called."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

import tasnet2hef
from tests.conftest import HAS_TORCH
from tests.docs.console_blocks import ROOT

needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without")


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("torch", "onnx", "onnxruntime", "numpy", "soundfile", "rich", "typer")
    code = f"import sys, tasnet2hef; dir(tasnet2hef); sys.exit(str([n for n in {heavy} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


def test_the_face_is_listed_and_nothing_else_is_there() -> None:
    assert dir(tasnet2hef) == sorted(tasnet2hef.__all__)
    assert all(getattr(tasnet2hef, name) is not None for name in tasnet2hef.__all__)
    with pytest.raises(AttributeError, match="module 'tasnet2hef' has no attribute 'laod'"):
        tasnet2hef.laod  # type: ignore[attr-defined]  # noqa: B018  # a misspelt name


@needs_torch
def test_convert_has_the_defaults_of_the_export() -> None:
    from tasnet2hef.model.export import ExportOptions

    parameters = inspect.signature(tasnet2hef.convert).parameters
    assert {field.name: field.default for field in fields(ExportOptions)} == {
        field.name: parameters[field.name].default for field in fields(ExportOptions)
    }


def test_check_reports_a_graph(model: Path) -> None:
    report = tasnet2hef.check(str(model), "hailo8")
    assert report.resources.chip.name == "hailo8"
    assert {finding.level for finding in report.errors} <= {"error"}


def test_separate_writes_one_file_per_source(model: Path, wav: Callable[..., Path], tmp_path: Path) -> None:
    report = tasnet2hef.separate(str(model), str(wav()), tmp_path / "out")
    assert [path.name for path in report.outputs] == ["clip_source_1.wav", "clip_source_2.wav"]
    assert all(path.is_file() for path in report.outputs)


def _load_nothing(folder: Path) -> object:
    return tasnet2hef.load(folder / "none.pth")


def _convert_nothing(folder: Path) -> object:
    return tasnet2hef.convert(folder / "none.pth", folder / "net.onnx")


def _check_nothing(folder: Path) -> object:
    return tasnet2hef.check(folder / "none.onnx")


def _separate_nothing(folder: Path) -> object:
    return tasnet2hef.separate(folder / "none.onnx", folder / "none.wav", folder)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(_load_nothing, marks=needs_torch),
        pytest.param(_convert_nothing, marks=needs_torch),
        _check_nothing,
        _separate_nothing,
    ],
)
def test_a_path_that_leads_nowhere_is_one_line(call: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(tasnet2hef.Tasnet2HefError, match=r"none\.\w+: ") as refusal:
        call(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("call", [_load_nothing, _convert_nothing])
def test_without_torch_a_checkpoint_is_one_line(
    call: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(tasnet2hef.Tasnet2HefError, match=r"^torch: not installed in .*tasnet2hef\[torch\]'$"):
        call(tmp_path)


@pytest.mark.slow
@needs_torch
def test_the_example_of_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/reference/python.md").read_text(encoding="utf-8"), re.S
    )[0]
    shutil.copy(ROOT / "hailo/assets/demo_student.pth", tmp_path / "my_model.pth")
    shutil.copy(ROOT / "hailo/assets/demo_mixture.wav", tmp_path / "mixture.wav")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/reference/python.md", "exec"), {})
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "mixture_source_1.wav",
        "mixture_source_2.wav",
    }
