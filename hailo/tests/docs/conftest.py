"""A folder with small stand-ins for what a reader has, and what earlier steps would have made there."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import shutil
from pathlib import Path

import pytest

from scripts.pages.sandbox import ASSETS, inside, prepare
from tasnet2hef.cli.main import make_app, run

# A reader's network is of the demo's kind and a fraction of its size: the pages say what a command line does to a
# network, and of none how long it takes. The page on norms takes the demo's own.
_SIZES = {"n_filters": 32, "out_chan": 32, "bn_chan": 16, "hid_chan": 32, "skip_chan": 16, "n_repeats": 1}

# What the first steps of every page leave behind, in half a second of window instead of two.
_EARLIER = (
    ("convert", "my_model.pth", "--seconds", "0.5", "-o", "build/"),
    ("calibrate", "build/my_model.onnx", "speech/", "-o", "build/calib.npz", "--windows", "4"),
    ("simulate", "build/my_model.onnx", "build/calib.npz", "--quick", "--windows", "2", "--plots", "none"),
)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepare(tmp_path_factory.mktemp("reader"))
    (folder / "hailo").symlink_to(ASSETS.parent)
    _save_network(folder / "my_model.pth", ASSETS / "demo_model.pth")
    _save_network(folder / "student.pth", ASSETS / "demo_student.pth")
    _save_foreign_networks(folder)
    with inside(folder), contextlib.redirect_stdout(io.StringIO()):
        for words in _EARLIER:
            assert run(make_app(), ["--quiet", *words]) == 0
    return folder


def _save_network(path: Path, example: Path) -> None:
    """Save a network with the options of another, but smaller."""
    import torch

    from tasnet2hef.model.checkpoint import load_checkpoint
    from tasnet2hef.train.saving import serialize
    from tests.random_weights import random_reference

    spec = dataclasses.replace(load_checkpoint(str(example)).spec, **_SIZES)
    torch.save(serialize(random_reference(spec)), path)


def _save_foreign_networks(folder: Path) -> None:
    """Save small networks as other implementations do, where their how-tos expect them."""
    import torch

    from tests.model.checkpoint import foreign_nets as nets
    from tests.model.checkpoint import foreign_nets_more as more
    from tests.model.checkpoint.test_several_channels import stereo_weights

    nets.save_espnet_experiment(nets.espnet(), folder / "exp" / "enh_train", norm_type="gLN", nonlinear="relu")
    results = folder / "results" / "convtasnet"
    more.save_speechbrain_folder(more.speechbrain(causal=True), results, checkpoint="save/CKPT+2024-01-01")
    torch.save(nets.saved(nets.kaituoxu()), folder / "final.pth.tar")
    torch.save(nets.saved(more.naplab(blocks=8, repeats=3)), folder / "naplab.pt")
    kwargs = {"mask_nonlinear": "relu", "norm_type": "gLN", "samplerate": 16000}
    torch.save({"kwargs": kwargs, "state": stereo_weights(2)}, folder / "demucs.th")


@pytest.fixture
def readers_folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the reader's folder, for one page."""
    return shutil.copytree(prepared, tmp_path / "reader", symlinks=True)
