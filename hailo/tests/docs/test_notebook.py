"""The notebook walks the whole path, and nothing of an earlier run is stored in it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.console_blocks import ROOT

NOTEBOOK = ROOT / "hailo" / "notebooks" / "walk_the_path.ipynb"


def test_it_is_stored_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 8
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]] == []


@pytest.mark.slow
def test_it_walks_the_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="begins with a conversion, which needs torch")
    pytest.importorskip("ipykernel", reason="runs in a kernel of Jupyter")
    nbclient = pytest.importorskip("nbclient", reason="runs the notebook")
    nbformat = pytest.importorskip("nbformat", reason="reads the notebook")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "hailo"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = _printed(notebook)
    assert re.findall(r"exit code (\d+)", printed) == ["0", "0", "0", "0", "3"]
    assert all(float(db) > 80 for db in re.findall(r": ([\d.]+) dB$", printed, re.M)), printed
    (improved,) = re.findall(r"over the mixture \[dB\]: \[([\d.]+), ([\d.]+)\]", printed)
    assert all(float(db) > 7 for db in improved), "the demo's student improves its mixture by 9.0 dB"
    assert len(_heard(notebook)) == 5, "the mixture, two voices in float, and two at 8 bits"
    assert (tmp_path / "walk" / "student.run" / "bundle" / "compile.sh").is_file()


def _outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def _printed(notebook: Any) -> str:
    return "".join(output.text for output in _outputs(notebook) if output.output_type == "stream")


def _heard(notebook: Any) -> list[str]:
    shown = [output.data for output in _outputs(notebook) if output.output_type == "display_data"]
    return [data["text/html"] for data in shown if "<audio" in data.get("text/html", "")]
