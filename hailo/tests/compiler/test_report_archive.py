"""What is taken out of a run's texts before they are sent."""

from __future__ import annotations

import getpass
import json
import platform
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.compiler import report_archive
from tasnet2hef.compiler.report_archive import cleaner
from tests.compiler.conftest import Bench


def test_folders_and_names_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "jane")
    monkeypatch.setattr(platform, "node", lambda: "janes-box")
    clean = cleaner([Path("/nas/team x/nets")])
    text = "can't open /nas/team x/nets/a.onnx of jane@janes-box, nor /home/jane/b.har; node /model.1/Conv_2"
    assert clean(text) == "can't open .../a.onnx of <name>@<name>, nor .../b.har; node /model.1/Conv_2"
    assert clean("jane's") == "<name>'s"
    assert clean("janet") == "janet"


@pytest.mark.parametrize("name", ["root", "ubuntu", ""])
def test_a_name_that_tells_nothing_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: name)
    monkeypatch.setattr(platform, "node", lambda: "localhost")
    assert (
        cleaner([])("an inverse square root on localhost, ubuntu") == "an inverse square root on localhost, ubuntu"
    )


@pytest.mark.parametrize(
    "values", [np.linspace(-1, 1, 40), np.float32([[1e-5, 2.5, -3e7]] * 3), np.arange(-50, 50)]
)
def test_a_printed_tensor_is_left_out(values: np.ndarray) -> None:
    for printed in (str(values), repr(values), str(values.tolist())):
        cleaned = cleaner([])(f"ValueError: weights {printed} of conv1")
        assert "<numbers>" in cleaned
        assert sum(character.isdigit() for character in cleaned) < 20, cleaned


@pytest.mark.parametrize(
    "text", ["shape [-1, 100, 1, 8, 3]", "DFC 3.33.0 with 4.23.0", "12.5 dB, 13.1 dB, 14.0 dB"]
)
def test_shapes_versions_and_levels_stay(text: str) -> None:
    assert cleaner([])(text) == text


def test_a_failed_run_has_one_too(bench: Bench) -> None:
    weights = np.random.default_rng(0).standard_normal(64)
    bench.fault("optimize", "raise", f"Failed on {bench.model} with {weights.tolist()}")
    report = bench.compile()
    assert report.outcome == "failed"
    with zipfile.ZipFile(report.folder / report_archive.ARCHIVE_NAME) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert json.loads(texts["report.json"])["outcome"] == "failed"
    assert "Failed on .../small.onnx with [<numbers>" in texts["logs/optimize_3.txt"]
    assert f"{weights[5]:.5f}" not in "".join(texts.values())
    assert str(bench.folder) not in "".join(texts.values())


def test_lists_of_numbers_in_facts_are_left_out() -> None:
    facts = {"a": [0.5] * 16, "shape": [1, 2, 3], "rows": [[1] * 20]}
    assert report_archive._cleaned(facts, str) == {
        "a": "<16 numbers>",
        "shape": [1, 2, 3],
        "rows": ["<20 numbers>"],
    }
