"""What lies beside a checkpoint is read before anything is assumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.checkpoint.conf_files import NAMES, metadata_beside
from tests.model.checkpoint.foreign_nets import kaituoxu
from tests.model.checkpoint.foreign_nets_more import naplab
from tests.model.checkpoint.small_nets import saved, small_weights

OPTIONS = {"mask_act": "relu", "n_blocks": 3, "n_repeats": 2, "sample_rate": 16000}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("section", [None, "model"])
def test_every_recipes_file_is_read(name: str, section: str | None, tmp_path: Path) -> None:
    conf = OPTIONS if section is None else {section: OPTIONS, "optim": {"lr": 0.001}}
    (tmp_path / name).write_text(json.dumps(conf) if name.endswith("json") else yaml.safe_dump(conf))
    spec = load_checkpoint(saved(small_weights(), tmp_path / "net.pth")).spec
    assert (spec.mask_act, spec.n_blocks, spec.sample_rate) == ("relu", 3, 16000)


@pytest.mark.parametrize(
    "folder", ["checkpoints", "ckpt", "version_3/checkpoints", "save/CKPT+2024-01-01+00-00-00+00"]
)
def test_folders_that_keep_checkpoints_are_left_upwards(folder: str, tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(OPTIONS))
    (tmp_path / folder).mkdir(parents=True)
    assert load_checkpoint(saved(small_weights(), tmp_path / folder / "net.pth")).spec.mask_act == "relu"


def test_other_folders_are_not_left(tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(OPTIONS))
    (tmp_path / "mine").mkdir()
    with pytest.raises(CheckpointError, match="mask_act"):
        load_checkpoint(saved(small_weights(), tmp_path / "mine" / "net.pth"))


def test_tags_make_no_objects_and_references_are_followed(tmp_path: Path) -> None:
    conf = "N_out: 32\nname: !!python/object/apply:os.system [x]\n"
    conf += "MaskNet: !new:a.MaskNet\n    N: !ref <N_out>\n    C: 2\n"
    (tmp_path / "hyperparams.yaml").write_text(conf)
    metadata, _ = metadata_beside(tmp_path / "masknet.ckpt")
    assert {"N": 32, "C": 2} in [entry.values for entry in metadata]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("config.json", "{", "can't be read as JSON"),
        ("mdl.json", "[1]", "found a list"),
        ("conf.yml", "a: [", "as YAML"),
    ],
)
def test_damaged_files_are_refused(name: str, text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CheckpointError, match=f"{name}: .*{kind}.*fix or remove it"):
        load_checkpoint(saved(small_weights(), tmp_path / "net.pth"))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(" " * (2**20 + 1))
    with pytest.raises(CheckpointError, match="expected options"):
        load_checkpoint(saved(small_weights(), tmp_path / "net.pth"))


UNRELATED: list[dict[str, object]] = [
    {"architectures": ["BertModel"], "hidden_size": 768, "layer": "encoder", "norm": 1e-5, "activation": "gelu"},
    {"stride": 2, "kernel_size": 7, "padding": 3, "causal": "yes", "fs": 4, "sr": 2, "norm": True},
    {"model": {"conv": {"stride": 2, "kernel_size": 7}}, "optimizer": {"norm_type": 2, "mask_act": "x"}},
    {"N": 32, "L": "eng", "services": {"web": {"image": "nginx"}}},
]


def _weights(layout: str) -> dict[str, Tensor]:
    if layout == "asteroid":
        return small_weights()
    return dict((naplab if layout == "naplab" else kaituoxu)().state_dict())


@pytest.mark.parametrize("conf", UNRELATED, ids=range(len(UNRELATED)))
@pytest.mark.parametrize("layout", ["asteroid", "kaituoxu", "naplab"])
def test_a_file_about_something_else_changes_nothing(layout: str, conf: dict[str, object], tmp_path: Path) -> None:
    settings = {"mask_act": "relu", "n_blocks": 3}
    path = saved(_weights(layout), tmp_path / "net.pth")
    alone = load_checkpoint(path, settings)
    (tmp_path / "config.json").write_text(json.dumps(conf))
    beside = load_checkpoint(path, settings)
    assert (beside.spec, beside.notes) == (alone.spec, alone.notes)


def test_what_comes_from_another_file_is_noted(tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(OPTIONS))
    notes = load_checkpoint(saved(small_weights(), tmp_path / "net.pth")).notes
    assert "mask_act=relu, n_blocks=3, n_repeats=2, sample_rate=16000: as in the conf.yml beside it" in notes
