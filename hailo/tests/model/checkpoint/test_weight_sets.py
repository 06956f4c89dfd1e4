"""Networks are found under any key and behind any prefix; several of them are a question."""

from __future__ import annotations

import collections
import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.network.reference import ReferenceTasNet
from tests.model.checkpoint.foreign_nets import kaituoxu
from tests.model.checkpoint.small_nets import SMALL, saved, small_package, small_weights

SPEC = TasNetSpec.from_options(SMALL)
SETTINGS = {"n_blocks": 3, "mask_act": "relu"}


def _scaled(weights: dict[str, Tensor], factor: float = 2.0) -> dict[str, Tensor]:
    return {name: factor * tensor for name, tensor in weights.items()}


def _prefixed(prefix: str, weights: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in (weights or small_weights()).items()}


@pytest.mark.parametrize(
    "key", ["network", "generator", "params", "weights", "state", "model_state", "model_ema", "best_model", "日本"]
)
def test_any_key(key: str, tmp_path: Path) -> None:
    content = {"epoch": 3, key: collections.OrderedDict(small_weights()), "optimizer": {"state": {}}}
    assert load_checkpoint(saved(content, tmp_path / "net.pth"), SETTINGS).spec == SPEC


@pytest.mark.parametrize(
    "content", [[small_weights()], {"models": [small_weights()], "epoch": 1}, (1, small_weights())]
)
def test_lists_are_searched(content: object, tmp_path: Path) -> None:
    assert load_checkpoint(saved(content, tmp_path / "net.pth"), SETTINGS).spec == SPEC


@pytest.mark.parametrize(
    "prefix", ["net.", "separator.", "model.model.", "a.b.module.c.", "_forward_module.model."]
)
def test_any_prefix(prefix: str, tmp_path: Path) -> None:
    path = saved({"state_dict": {**_prefixed(prefix), "head.weight": torch.ones(3)}}, tmp_path / "net.ckpt")
    checkpoint = load_checkpoint(path, SETTINGS)
    assert checkpoint.spec == SPEC
    left_out = prefix.replace("module.", "").replace("_forward_", "").rstrip(".")
    assert any(f"left out 1 weights beside {left_out}, first head.weight" in note for note in checkpoint.notes)


def test_arrays_of_numpy_are_weights(tmp_path: Path) -> None:
    content = {"weights": {name: tensor.numpy().astype(">f8") for name, tensor in small_weights().items()}}
    assert load_checkpoint(saved(content, tmp_path / "net.pth"), SETTINGS).spec == SPEC


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")  # deprecated, and in files
@pytest.mark.parametrize("kind", ["quantised", "sparse"])
def test_tensors_of_another_kind_are_named(kind: str, tmp_path: Path) -> None:
    def changed(tensor: Tensor) -> Tensor:
        return tensor.to_sparse() if kind == "sparse" else torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)

    state = {name: changed(tensor) if tensor.ndim == 3 else tensor for name, tensor in small_weights().items()}
    with pytest.raises(CheckpointError, match=rf"encoder.filterbank._filters: found a {kind} tensor"):
        load_checkpoint(saved(state, tmp_path / "net.pth"), SETTINGS)


def test_a_wrapper_in_the_middle(tmp_path: Path) -> None:
    state = {name.replace("masker.", "masker._orig_mod.", 1): tensor for name, tensor in small_weights().items()}
    assert load_checkpoint(saved(state, tmp_path / "net.pth"), SETTINGS).spec == SPEC


def test_an_averaged_model_of_torch(tmp_path: Path) -> None:
    averaged = torch.optim.swa_utils.AveragedModel(ReferenceTasNet(SPEC))
    assert load_checkpoint(saved(averaged.state_dict(), tmp_path / "swa.pth"), SETTINGS).spec == SPEC


def test_raw_and_averaged_weights_are_a_question(tmp_path: Path) -> None:
    raw, averaged = small_weights(), _scaled(small_weights())
    path = saved({"model": raw, "ema": averaged, "epoch": 3}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="give --set weights=model or --set weights=ema"):
        load_checkpoint(path, SETTINGS)
    for name, expected in (("model", raw), ("ema", averaged)):
        weights = load_checkpoint(path, {**SETTINGS, "weights": name}).weights
        assert all(torch.equal(weights[key], tensor) for key, tensor in expected.items())
    with pytest.raises(CheckpointError, match="weights: found 'best', expected model or ema"):
        load_checkpoint(path, {**SETTINGS, "weights": "best"})
    halves = {"model": raw, "ema": {name: tensor.half() for name, tensor in raw.items()}}
    with pytest.raises(CheckpointError, match="found 2 sets of weights"):
        load_checkpoint(saved(halves, tmp_path / "half.pth"), SETTINGS)
    same = {"model": raw, "ema": copy.deepcopy(raw)}
    assert load_checkpoint(saved(same, tmp_path / "same.pth"), SETTINGS).spec == SPEC


def test_averaged_weights_in_the_same_state_dict(tmp_path: Path) -> None:
    state = {
        **_prefixed("model."),
        **_prefixed("ema_model.module.", _scaled(small_weights())),
        "ema_model.n_averaged": 3,
    }
    path = saved({"state_dict": state}, tmp_path / "net.ckpt")
    with pytest.raises(CheckpointError, match=r"weights=state_dict.model or --set weights=state_dict.ema_model"):
        load_checkpoint(path, SETTINGS)


@pytest.mark.parametrize("options", [{}, {"norm_type": "bN"}])
def test_averaged_weights_without_names(options: dict[str, object], tmp_path: Path) -> None:
    net = ReferenceTasNet(TasNetSpec.from_options({**SMALL, **options}))
    shadow = [2 * parameter.detach() for parameter in net.parameters()]
    content = {"state_dict": net.state_dict(), "ema": {"decay": 0.999, "shadow_params": shadow}}
    path = saved(content, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"--set weights=state_dict or --set weights=ema.shadow_params"):
        load_checkpoint(path, SETTINGS)
    weights = load_checkpoint(path, {**SETTINGS, "weights": "ema.shadow_params"}).weights
    for (name, _), averaged in zip(net.named_parameters(), shadow, strict=True):
        assert torch.equal(weights[name], averaged)


class _System(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = ReferenceTasNet(SPEC)
        self.options = {"mask_act": "tanh"}


def test_a_saved_module_is_read_like_its_state_dict(tmp_path: Path) -> None:
    path = saved(_System(), tmp_path / "net.pth")
    with pytest.raises(
        CheckpointError, match=r"a saved module of .*_System: its weights are read as from a state_dict"
    ):
        load_checkpoint(path, {"n_blocks": 3})
    checkpoint = load_checkpoint(path, SETTINGS)
    assert checkpoint.spec == SPEC
    assert any("its code is not run" in note for note in checkpoint.notes)


def _published(**infos: Any) -> dict[str, Any]:
    conf = {"data": {"sample_rate": 16000, "n_src": 2}, "masknet": {"mask_act": "relu", "n_blocks": 3}}
    package = small_package()
    return {**package, "infos": {"training_config": conf, "recipe_name": "librimix/ConvTasNet", **infos}}


def test_a_published_package_with_numpy_metrics(tmp_path: Path) -> None:
    import numpy as np

    content = _published(final_metrics={"si_sdr": np.float64(14.7), "stoi": np.float32(0.9)})
    checkpoint = load_checkpoint(saved(content, tmp_path / "model.pth"))
    assert checkpoint.spec.n_blocks == 3


def test_the_training_settles_a_stale_rate_aloud(tmp_path: Path) -> None:
    content = _published()
    path = saved(content, tmp_path / "model.pth")
    checkpoint = load_checkpoint(path)
    assert checkpoint.spec.sample_rate == 16000
    (note,) = checkpoint.notes
    assert "16000 as in its infos.training_config.data, instead of 8000 in its model_args" in note
    assert load_checkpoint(path, {"sample_rate": 8000}).spec.sample_rate == 8000
    del content["model_args"]["sample_rate"]
    older = load_checkpoint(saved(content, tmp_path / "older.pth"))
    assert (older.spec.sample_rate, older.notes) == (16000, ())


def test_every_name_that_is_offered_is_taken(tmp_path: Path) -> None:
    raw = small_weights()
    other = {name: 2 * value for name, value in raw.items()}
    contents: list[tuple[object, list[object]]] = [
        ([raw, other], [0, 1]),
        ({"a.b": raw, "a": {"b": other}}, ["a.b", "a.b:2"]),
        ({**raw, **{f"ema.{name}": value for name, value in other.items()}}, ["top", "ema"]),
    ]
    for content, names in contents:
        path = saved(content, tmp_path / "net.pth")
        flags = " or ".join(f"--set weights={name}" for name in names)
        with pytest.raises(CheckpointError, match=f"{flags}$"):
            load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3})
        for name, weights in zip(names, (raw, other), strict=True):
            read = load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3, "weights": name})
            assert torch.equal(read.weights["masker.bottleneck.1.bias"], weights["masker.bottleneck.1.bias"])


def test_a_file_of_very_many_networks(tmp_path: Path) -> None:
    path = saved([{"net": small_weights()} for _ in range(16)], tmp_path / "few.pth")
    load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3})  # the same values, one network
    content = {str(number): {f"m{n}": small_weights() for n in range(4)} for number in range(20)}
    with pytest.raises(CheckpointError, match="more than 64 sets of weights"):
        load_checkpoint(saved(content, tmp_path / "many.pth"))


def _doubled(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: 2 * tensor if tensor.is_floating_point() else tensor for name, tensor in weights.items()}


AVERAGES: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "of a larger module": lambda average: [torch.ones(7), *average.values(), torch.ones(3)],
    "with a frozen encoder": lambda average: [value for name, value in average.items() if "encoder." not in name],
    "by number": lambda average: {str(number): value for number, value in enumerate(average.values())},
    "without dots": lambda average: {name.replace(".", ""): value for name, value in average.items()},
}


@pytest.mark.parametrize("kind", AVERAGES)
def test_averages_are_seen_whatever_their_form(kind: str, tmp_path: Path) -> None:
    raw = small_weights()
    path = saved({"state_dict": raw, "ema": {"shadow": AVERAGES[kind](_doubled(raw))}}, tmp_path / "net.ckpt")
    settings: dict[str, object] = {"mask_act": "relu", "n_blocks": 3}
    with pytest.raises(CheckpointError, match=r"weights=state_dict or --set weights=ema.shadow"):
        load_checkpoint(path, settings)
    read = load_checkpoint(path, {**settings, "weights": "ema.shadow"})
    assert torch.equal(read.weights["masker.bottleneck.1.bias"], 2 * raw["masker.bottleneck.1.bias"])


def test_averages_of_parameters_alone_take_the_statistics_of_the_raw_weights(tmp_path: Path) -> None:
    raw = small_weights(norm_type="bN")
    average = {
        name: value for name, value in _doubled(raw).items() if "running" not in name and "num_" not in name
    }
    path = saved({"state_dict": raw, "ema": {"shadow": average}}, tmp_path / "net.ckpt")
    read = load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3, "weights": "ema.shadow"})
    assert read.spec.norm_type == "bN"
    assert any(
        note.startswith("running statistics of the batch norms are those of the raw") for note in read.notes
    )


def test_names_that_are_offered_can_be_pasted(tmp_path: Path) -> None:
    raw = small_weights()
    path = saved({"raw": raw, "ema (0.999) best": _doubled(raw)}, tmp_path / "net.ckpt")
    with pytest.raises(CheckpointError, match=re.escape("--set 'weights=ema (0.999) best'")):
        load_checkpoint(path, {"mask_act": "relu", "n_blocks": 3})


def test_batch_norms_without_statistics_are_no_layer_norms(tmp_path: Path) -> None:
    parameters = dict(kaituoxu(norm_type="BN").named_parameters())
    with pytest.raises(CheckpointError, match="running_mean: the statistics of a batch norm are missing"):
        load_checkpoint(saved(parameters, tmp_path / "net.pth"), {"mask_act": "relu"}, assume=True)
