"""The shipped demo network separates the shipped mixture, and the shipped files are what they say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from scripts.demo_network import recipe
from scripts.demo_network.evaluate import input_and_improvement_db
from scripts.demo_network.split import part_of
from scripts.demo_network.voices import SAMPLE_RATE_HZ
from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.model.export import ExportOptions, export_file
from tasnet2hef.runtime.separate import separate_file
from tasnet2hef.target.check import check_file
from tasnet2hef.train.mixtures import Mixture
from tasnet2hef.train.saving import load_network


def read_asset(name: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    samples, rate_hz = soundfile.read(recipe.ASSETS / name, dtype="int16")
    assert rate_hz == SAMPLE_RATE_HZ
    return np.asarray(samples).reshape(-1)


def test_mixture_is_the_exact_sum_of_its_sources_and_is_not_clipped() -> None:
    total, first, second = (read_asset(f"demo_{name}.wav") for name in ("mixture", "source_1", "source_2"))
    np.testing.assert_array_equal(total.astype(int), first.astype(int) + second.astype(int))
    assert len(total) == recipe.DEMO_SECONDS * SAMPLE_RATE_HZ
    assert np.abs(total.astype(int)).max() < 32767


def test_demo_network_improves_the_demo_mixture() -> None:
    sources = np.stack([read_asset("demo_source_1.wav"), read_asset("demo_source_2.wav")]) / np.float32(32768)
    mixture = Mixture(sources.astype(np.float32), recipe.PAIRS[2], ((), ()))
    before_db, gained_db = input_and_improvement_db(load_network(recipe.MODEL), mixture)
    assert before_db == pytest.approx(0, abs=3)
    assert gained_db >= 8, f"SI-SDR improvement: found {gained_db:.2f} dB, expected at least 8 dB"


@pytest.mark.slow
def test_demo_student_streams_within_half_a_decibel_of_the_network(tmp_path: Path) -> None:
    references = [recipe.ASSETS / f"demo_source_{number}.wav" for number in (1, 2)]
    gained_db = []
    for model in (recipe.MODEL, recipe.STUDENT):
        graph = tmp_path / f"{model.stem}.onnx"
        export_file(str(model), graph, ExportOptions(seconds=2.0))
        report = separate_file(
            graph, recipe.ASSETS / "demo_mixture.wav", tmp_path / model.stem, references=references, threads=1
        )
        gained_db.append(np.mean(report.si_sdr_improvement_db))
    assert gained_db[1] >= gained_db[0] - 0.5, f"SI-SDR improvement, network and student: found {gained_db} dB"
    resources = check_file(graph).resources
    assert resources.likely_contexts == 1
    assert not resources.cost.held_maps


def test_the_readme_has_the_digests_of_the_files() -> None:
    readme = (recipe.ASSETS / "README.md").read_text(encoding="utf-8")
    files = [path for path in recipe.ASSETS.iterdir() if path.suffix in (".pth", ".wav")]
    assert len(files) == 5
    for path in files:
        assert f"| `{path.name}` | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |" in readme


def test_demo_network_puts_out_the_sources_levels() -> None:
    mixture = read_asset("demo_mixture.wav") / np.float32(32768)
    with torch.no_grad():
        estimates = load_network(recipe.MODEL)(torch.from_numpy(mixture)[None])[0].numpy()
    sources = [read_asset(f"demo_source_{number}.wav") / np.float32(32768) for number in (1, 2)]
    levels_db = sorted(rms_dbfs(estimate) for estimate in estimates)
    assert levels_db == pytest.approx(sorted(rms_dbfs(source) for source in sources), abs=1.5)


def test_demo_network_is_small_and_holds_plain_float32() -> None:
    content = torch.load(recipe.MODEL, weights_only=True)
    assert recipe.MODEL.stat().st_size <= 2_000_000
    assert {tensor.dtype for tensor in content["state_dict"].values()} == {torch.float32}
    assert load_network(recipe.MODEL).spec == recipe.SPEC


def test_demo_prompts_were_held_out() -> None:
    listing = json.loads((recipe.ASSETS / "demo_prompts.json").read_text(encoding="utf-8"))
    files = [prompt["file"] for source in listing["sources"] for prompt in source["prompts"]]
    assert len(files) >= 2
    assert {part_of(name.split("/", 1)[1].removesuffix(".wav")) for name in files} == {"test"}
