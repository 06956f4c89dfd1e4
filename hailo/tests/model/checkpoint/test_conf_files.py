"""What lies beside a checkpoint is read before anything is assumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.checkpoint.conf_files import NAMES, metadata_beside, read_conf
from tests.asteroid_oracle import asteroid_conv_tasnet, needs_asteroid
from tests.model.checkpoint.foreign_nets import espnet, kaituoxu
from tests.model.checkpoint.foreign_nets_more import funcwj, naplab
from tests.model.checkpoint.small_nets import saved, small_package, small_weights

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


UNREADABLE = [
    ("config.json", b"{", "can't be read as JSON"),
    ("mdl.json", b"[1]", "found a list"),
    ("conf.yml", b"a: [", "as YAML"),
    ("config.yaml", b"a: 1\n---\nb: 2", "as YAML"),
    ("config.yaml", b"a: {{ x }}\n{% if %}", "as YAML"),
    ("config.yaml", "a: 1".encode("utf-16"), "as YAML"),
    ("config.yaml", b"a: !!bool maybe", "as YAML"),
    ("config.yaml", b"a: !!int ''", "as YAML"),
    ("config.yaml", b"a: !!timestamp foo", "as YAML"),
    ("config.yaml", b"a: 1" + b":1" * 100_000 + b".5", "as YAML"),
    ("config.json", b" " * (2**18 + 1), "expected at most 262,144"),
    ("config.json", b"[" * 100_000, "as JSON"),
]


@pytest.mark.parametrize(("name", "text", "kind"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_file_that_cant_be_read_is_named_where_it_may_be_missed(
    name: str, text: bytes, kind: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(CheckpointError, match=f"left unread: .*{name}: .*{kind}.*mask_act"):
        load_checkpoint(saved(small_weights(), tmp_path / "net.pth"))
    notes = load_checkpoint(saved(small_package(), tmp_path / "package.pth")).notes
    assert [note.partition(":")[0] for note in notes] == ["left unread"]


def test_numbers_to_the_base_of_sixty_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text("a: 1" + ":1" * 100_000 + "\nb: 8_000\nc: 12:30\n")
    values = metadata_beside(tmp_path / "net.pth")[0][0].values
    assert (values["b"], values["c"]) == (8000, "12:30")


def test_a_file_with_other_sizes_is_left_out(tmp_path: Path) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    (tmp_path / "conf.yml").write_text(yaml.safe_dump({"masknet": {**OPTIONS, "n_blocks": 50}}))
    left_out = r"left unread, .*n_blocks=50 and n_repeats=2 in the conf.yml beside it \(masknet\), 6 TCN blocks"
    with pytest.raises(CheckpointError, match=left_out + ".*mask_act"):
        load_checkpoint(path)
    (tmp_path / "conf.yml").write_text(yaml.safe_dump({"masknet": {**OPTIONS, "bn_chan": 5}}))
    with pytest.raises(
        CheckpointError, match=r"bn_chan=5 in the conf.yml beside it \(masknet\), 4 in the weights"
    ):
        load_checkpoint(path)


def test_of_several_sections_the_one_that_fits_counts(tmp_path: Path) -> None:
    net = funcwj()
    teacher = {"N": 512, "L": 16, "X": 8, "R": 4, "activate": "softmax"}
    (tmp_path / "conf.yml").write_text(
        yaml.safe_dump({"a_teacher": teacher, "student": {**net.sizes.letters(), "activate": "sigmoid"}})
    )
    read = load_checkpoint(saved(dict(net.state_dict()), tmp_path / "net.pth"))
    assert read.spec.mask_act == "sigmoid"
    assert "mask_act=sigmoid" in next(note for note in read.notes if note.endswith("as in the conf.yml beside it"))


def test_another_part_of_a_joint_training_decides_nothing(tmp_path: Path) -> None:
    conf = {
        "asr_encoder_conf": {"nonlinear": "sigmoid", "causal": True, "fs": "16k"},
        "separator_conf": {"nonlinear": "relu"},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(conf, sort_keys=False))
    spec = load_checkpoint(saved(dict(espnet().state_dict()), tmp_path / "net.pth"), assume=True).spec
    assert (spec.mask_act, spec.causal, spec.sample_rate) == ("relu", False, 16000)


def test_what_the_weights_contradict_is_not_said_to_be_used(tmp_path: Path) -> None:
    net = funcwj(norm="cLN")
    (tmp_path / "mdl.json").write_text(json.dumps({"norm": "gLN", "non_linear": "relu"}))
    notes = load_checkpoint(saved(dict(net.state_dict()), tmp_path / "net.pth")).notes
    assert "mask_act=relu: as in the mdl.json beside it" in notes
    assert "norm_type: cLN, as this network has it, not gLN as in the mdl.json beside it" in notes


def test_a_rate_of_something_else_replaces_no_packages(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "encodec", "sampling_rate": 24000}))
    read = load_checkpoint(saved(small_package(sample_rate=8000), tmp_path / "net.pth"))
    assert (read.spec.sample_rate, read.notes) == (8000, ())


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


def test_a_file_of_another_network_answers_nothing(tmp_path: Path) -> None:
    conf = {
        "encoder_conf": {"channel": 512, "kernel_size": 40, "stride": 5},
        "separator_conf": {"nonlinear": "relu", "predict_noise": True},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(conf))
    path = saved(dict(espnet().state_dict()), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"left unread.*n_filters=512 in the config.yaml.*mask_act"):
        load_checkpoint(path)
    assert load_checkpoint(path, {"mask_act": "relu"}).spec.stride == espnet().sizes.stride


def test_the_section_of_the_net_itself_counts_before_others(tmp_path: Path) -> None:
    net = funcwj()
    conf = {
        "aa_speakers": {"causal": True, "activate": "softmax", "sample_rate": 48000},
        "net": {**net.sizes.letters(), "activate": "sigmoid", "causal": False, "sample_rate": 16000},
        "data": {"num_speakers": 1172},
    }
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(conf))
    read = load_checkpoint(saved(dict(net.state_dict()), tmp_path / "net.pth"))
    assert (read.spec.mask_act, read.spec.causal, read.spec.sample_rate) == ("sigmoid", False, 16000)
    assert "mask_act: sigmoid, as this network has it, not softmax as in the conf.yml beside it" in read.notes


def test_sections_inside_the_file_are_told_apart_too(tmp_path: Path) -> None:
    net = funcwj()
    teacher = {**net.sizes.letters(), "N": 512, "activate": "softmax"}
    student = {**net.sizes.letters(), "activate": "sigmoid"}
    content = {"model_state_dict": net.state_dict(), "conf": {"a_teacher": teacher, "student": student}}
    read = load_checkpoint(saved(content, tmp_path / "net.pth"))
    assert read.spec.mask_act == "sigmoid"
    other = {"model_state_dict": net.state_dict(), "conf": {"vad": {"activate": "sigmoid"}}}
    notes = load_checkpoint(saved(other, tmp_path / "other.pth")).notes
    assert "mask_act=sigmoid: as in its conf.vad" in notes


@pytest.mark.parametrize("rate", ["16000", "1.6e4", "16k", 16000.0])
def test_rates_may_be_text(rate: object, tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump({"data": {"sample_rate": rate}}))
    for weights in (dict(kaituoxu().state_dict()), small_weights()):
        path = saved(weights, tmp_path / "net.pth")
        assert load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3}).spec.sample_rate == 16000


@pytest.mark.parametrize(
    "conf",
    [
        {"masknet": {"bn_chan": 128.0}},
        {"masknet": {"skip_chan": 128, "mask_act": "sigmoid"}},
        {"masknet": {"n_blocks": 3, "n_repeats": 1}},
        {"masknet": {"mask_act": ["relu"]}},
        {"masknet": {"mask_act": "foo", "bn_chan": 4}},
        {"filterbank": {"stride": 100, "n_filters": 16}},
    ],
)
def test_files_of_something_else_refuse_no_net(conf: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(conf))
    read = load_checkpoint(saved(small_weights(), tmp_path / "net.pth"), {"mask_act": "relu", "n_blocks": 3})
    assert any(note.startswith("left unread") for note in read.notes)


@needs_asteroid
def test_a_recipe_with_computed_filters_is_its_own(tmp_path: Path) -> None:
    bank = {"fb_name": "stft", "n_filters": 32, "kernel_size": 32, "stride": 8}
    masknet = {"n_blocks": 3, "n_repeats": 2, "bn_chan": 8, "hid_chan": 16, "skip_chan": 8, "mask_act": "relu"}
    net = asteroid_conv_tasnet(n_src=2, **bank, **masknet)
    conf = {"data": {"sample_rate": 16000}, "filterbank": bank, "masknet": masknet}
    (tmp_path / "conf.yml").write_text(yaml.safe_dump(conf))
    path = saved(dict(net.state_dict()), tmp_path / "best_model.pth")
    spec = load_checkpoint(path, {"who_is_pinv": "none"}).spec
    assert (spec.stride, spec.sample_rate, spec.fb_name) == (8, 16000, "stft")


_BASE = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
_DOUBLED = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
_MERGED = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 10_000, "levels"),
        ("{a: " * 5000, "levels"),
        ("- " * 5000, "levels"),
        ("? " * 5000, "levels"),
        (_BASE + _DOUBLED, "more than 100,000 values"),
        ("a0: &a0 {k: 1, l: 2}\n" + _MERGED, "more than 100,000 values"),
        ("&a [*a]", "contains itself"),
        ("date: 2024-13-45", "month must be in 1..12"),
        ("n: !!int x", "invalid literal"),
        ("n: !!binary x", "base64"),
        ("\ta: 1", "token"),
    ],
)
def test_yaml_that_is_no_plain_options_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "conf.yml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=reason) as raised:
        read_conf(path)
    assert len(str(raised.value)) < 300 + len(str(path))


def test_an_alias_is_read_as_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "conf.yml"
    path.write_text("a: &a {k: 1}\nb: *a\nc: {<<: *a, l: 2}\n")
    assert read_conf(path) == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}}
