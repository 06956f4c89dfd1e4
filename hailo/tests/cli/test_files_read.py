"""One `convert --calib-audio` opens its graph once; no step reads again what this process has just written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import soundfile

from tests.quantize.small_net import babble

pytest.importorskip("torch", reason="a conversion needs torch")

ASSETS = Path(__file__).parents[2] / "assets"
MOST_READS_OF_THE_GRAPH = 3
WATCHED = """
import json, os, sys
opened = []
def watch(event, values):
    if event == "open" and isinstance(values[0], (str, bytes)):
        mode, flags = values[1], values[2]
        writes = set(mode) & set("wxa+") if isinstance(mode, str) else flags & (os.O_WRONLY | os.O_RDWR)
        opened.append((os.path.abspath(os.fsdecode(values[0])), "write" if writes else "read"))
sys.addaudithook(watch)
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target.graph import opened as graphs
parse, parsed = graphs.parse, []
graphs.parse = lambda loaded: (parsed.append(loaded.name), parse(loaded))[1]
code = run(make_app(), ["--quiet", *sys.argv[2:]])
json.dump({"code": code, "opened": opened, "parsed": parsed}, open(sys.argv[1], "w"))
"""


@pytest.mark.slow
def test_convert_opens_its_graph_once(tmp_path: Path) -> None:
    speech, build = tmp_path / "speech", tmp_path / "build"
    speech.mkdir()
    soundfile.write(speech / "voice.wav", babble(2.0, 0), 8000)
    words = ["convert", str(ASSETS / "demo_student.pth"), "--calib-audio", str(speech), "--seconds", "0.2"]
    words += ["--windows", "2", "--hailo-python", sys.executable, "-o", str(build)]
    subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path / "seen.json"), *words], check=True, capture_output=True
    )
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["code"] == 3, "there is no compiler"
    reads = Counter(
        Path(path).relative_to(build).as_posix() for path, how in seen["opened"] if _is_read(path, how, build)
    )
    assert (build / "demo_student.onnx").is_file()
    assert reads["demo_student.onnx"] <= MOST_READS_OF_THE_GRAPH
    assert seen["parsed"] == ["demo_student"]
    again = [name for name in reads if name.startswith(("demo_student.report/", "demo_student.run/bundle/"))]
    assert [name for name in again if not name.endswith(".whl")] == [], "page and bundle are made from memory"


def _is_read(path: str, how: str, build: Path) -> bool:
    return how == "read" and Path(path).is_relative_to(build)
