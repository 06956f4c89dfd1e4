"""Folders, Hugging Face ids and safetensors: the places other than one torch file."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import NoReturn

import pytest
import torch
import yaml

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import load_checkpoint
from tests.model.checkpoint.small_nets import SMALL, saved, small_package, small_weights

SPEC = TasNetSpec.from_options(SMALL)
SETTINGS = {"n_blocks": 3, "mask_act": "relu"}


@pytest.mark.parametrize("name", ["pytorch_model.bin", "best_model.pth", "whatever.ckpt"])
def test_folder_with_one_checkpoint(name: str, tmp_path: Path) -> None:
    saved(small_package(), tmp_path / name)
    (tmp_path / "README.md").write_text("a model")
    assert load_checkpoint(tmp_path).spec == SPEC


def test_folder_of_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump({"masknet": {"n_blocks": 3, "mask_act": "relu"}}))
    saved(small_weights(), tmp_path / "pytorch_model.bin")
    saved({}, tmp_path / "optimizer.pt")
    assert load_checkpoint(str(tmp_path)).spec == SPEC


def test_folders_without_one_checkpoint_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"found 0 checkpoints \(none\), expected pytorch_model.bin or"):
        load_checkpoint(tmp_path)
    for name in ("a.pth", "b.pth"):
        saved(small_package(), tmp_path / name)
    with pytest.raises(CheckpointError, match=r"found 2 checkpoints \(a.pth, b.pth\).*name the file"):
        load_checkpoint(tmp_path)


def test_folder_with_a_text_for_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(CheckpointError, match="a Git LFS pointer"):
        load_checkpoint(tmp_path)


class _Hub(types.ModuleType):
    """Stands in for huggingface_hub: one repository, or an error."""

    def __init__(self, path: Path | None) -> None:
        super().__init__("huggingface_hub")
        self.path = path
        self.asked: list[tuple[str, str, str | None]] = []

    def hf_hub_download(self, *, repo_id: str, filename: str, revision: str | None) -> str:
        self.asked.append((repo_id, filename, revision))
        if self.path is None:
            raise ConnectionError("Couldn't connect to the Hub\nand many more lines")
        return str(self.path)


@pytest.mark.parametrize(("suffix", "revision"), [("", None), ("@main", "main"), ("@a1b2c3", "a1b2c3")])
def test_hub_id(suffix: str, revision: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = _Hub(saved(small_package(), tmp_path / "pytorch_model.bin"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert load_checkpoint(f"JorisCos/ConvTasNet_Libri2Mix{suffix}").spec == SPEC
    assert hub.asked == [("JorisCos/ConvTasNet_Libri2Mix", "pytorch_model.bin", revision)]


def test_hub_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", _Hub(None))
    with pytest.raises(
        CheckpointError, match=r"could not be downloaded from Hugging Face \(Couldn't connect to the Hub\)"
    ):
        load_checkpoint("JorisCos/ConvTasNet_Libri2Mix")


def test_hub_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match=r"needs the library huggingface_hub.*pip install huggingface-hub"):
        load_checkpoint("JorisCos/ConvTasNet_Libri2Mix")


@pytest.mark.parametrize("location", ["exp/best_model.pth", "../x/y", "a/b/c", "https://zenodo.org/x", "name", ""])
def test_what_is_no_hub_id(location: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unwanted(**_: object) -> NoReturn:
        raise AssertionError("asked the hub")

    hub = types.SimpleNamespace(hf_hub_download=unwanted)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"found nothing there|found 0 checkpoints|found no name"):
        load_checkpoint(location)


def test_safetensors_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    (tmp_path / "net.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(CheckpointError, match="needs the library safetensors; pip install safetensors"):
        load_checkpoint(tmp_path / "net.safetensors")


@pytest.mark.skipif(importlib.util.find_spec("safetensors") is None, reason="safetensors is not installed")
def test_safetensors(tmp_path: Path) -> None:
    import safetensors.torch

    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file(small_weights(), path)
    assert load_checkpoint(path, SETTINGS).spec == SPEC
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="damaged or truncated safetensors file"):
        load_checkpoint(path, SETTINGS)


def test_weights_do_not_change_with_the_file(tmp_path: Path) -> None:
    path = saved(small_package(), tmp_path / "net.pth")
    checkpoint = load_checkpoint(path)
    path.unlink()
    with torch.no_grad():
        assert checkpoint.reference()(torch.ones(1, 100)).shape == (1, 2, 100)
