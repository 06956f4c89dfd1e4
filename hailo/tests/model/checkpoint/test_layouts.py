"""The nets of other projects, as they save them, against what their own forward pass computes.

The nets are in ``foreign_nets`` and ``foreign_nets_more``, written from the projects' sources and held to recorded
outputs of the genuine classes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import tasnet2hef
from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_file
from tests.model.checkpoint import foreign_nets as nets
from tests.model.checkpoint import foreign_nets_more as more
from tests.model.checkpoint.comparison import assert_same_waveforms, speech_like
from tests.model.checkpoint.small_nets import saved

Make = Callable[..., nets.ForeignNet]
RELU = {"mask_act": "relu"}
NO_TAIL = 64
"""Samples at the end in which implementations differ: some cut them, some pad."""

CASES: list[tuple[Make, dict[str, Any], dict[str, object]]] = [
    (nets.kaituoxu, {}, {}),
    (nets.kaituoxu, {"norm_type": "cLN", "causal": True}, {}),
    (nets.kaituoxu, {"norm_type": "BN", "mask_nonlinear": "softmax", "sources": 3}, {}),
    (nets.kaituoxu, {"kernel": 10, "blocks": 4, "repeats": 3, "taps": 5}, {}),
    (nets.espnet, {}, RELU),
    (nets.espnet, {"norm_type": "cLN", "causal": True}, RELU),
    (nets.espnet, {"norm_type": "BN", "pre_mask_nonlinear": "linear", "nonlinear": "tanh"}, {"mask_act": "tanh"}),
    (nets.espnet, {"norm_type": "GN", "stride": 3}, {**RELU, "stride": 3}),
    (nets.espnet, {"pre_mask_nonlinear": "tanh"}, {**RELU, "mask_input_act": "tanh"}),
    (nets.espnet, {"pre_mask_nonlinear": "relu", "nonlinear": "linear"},
     {"mask_act": "linear", "mask_input_act": "relu"}),
    (more.jusperlee, {}, RELU),
    (more.jusperlee, {"norm": "cln", "activate": "sigmoid"}, {"mask_act": "sigmoid"}),
    (more.jusperlee, {"norm": "bn", "causal": True}, {**RELU, "causal": True}),
    (more.jusperlee, {"activate": "softmax", "sources": 3}, {"mask_act": "softmax"}),
    (more.jusperlee_lightning, {}, RELU),
    (more.jusperlee_lightning, {"norm": "cLN", "activate": "sigmoid"}, {"mask_act": "sigmoid"}),
    (more.naplab, {}, {}),
    (more.naplab, {"blocks": 4, "repeats": 2}, {"n_blocks": 4}),
    (more.funcwj, {"norm": "gLN"}, RELU),
    (more.funcwj, {"norm": "cLN", "causal": True}, {**RELU, "causal": True}),
    (more.funcwj, {"norm": "BN", "non_linear": "softmax"}, {"mask_act": "softmax"}),
    (more.aps_time_tcn, {"norm": "gLN"}, RELU),
    (more.aps_time_tcn, {"norm": "BN", "causal": True}, {**RELU, "causal": True}),
    (more.aps_time_tcn, {"norm": "cLN"}, {**RELU, "norm_type": "gLN"}),
    (more.aps_time_tcn, {"norm": "IN"}, {**RELU, "norm_type": "fgLN"}),
    (more.wangkenpu, {}, RELU),
    (more.wangkenpu, {"normalization_type": "cLN", "active_func": "sigmoid"}, {"mask_act": "sigmoid"}),
    (more.wangkenpu, {"normalization_type": "BN"}, RELU),
    (more.tky823, {}, {}),
    (more.tky823, {"mask_nonlinear": "softmax", "sources": 3}, {}),
]  # fmt: skip


def _name(case: object) -> str:
    if callable(case):
        return str(getattr(case, "__name__", case))
    return ",".join(f"{name}={value}" for name, value in case.items()) if isinstance(case, dict) else str(case)


def _assert_read(
    net: nets.ForeignNet, path: Path, settings: dict[str, object] | None = None, samples: int = 1003
) -> None:
    """Compare in float64: norms of single channels over a pause leave float32 at 91 dB."""
    clip = speech_like(samples).double()
    with torch.no_grad():
        expected = net.double()(clip)
        read = tasnet2hef.load(path, settings).double()(clip)
    common = min(samples, expected.shape[-1]) - NO_TAIL
    assert_same_waveforms(read[..., :common], expected[..., :common], at_least_db=100)


@pytest.mark.parametrize(("make", "options", "settings"), CASES, ids=_name)
def test_it_equals_their_forward_pass(
    make: Make, options: dict[str, Any], settings: dict[str, object], tmp_path: Path
) -> None:
    net = make(**options)
    path = saved(nets.saved(net), tmp_path / "net.pth")
    _assert_read(net, path, settings)
    if settings:
        with pytest.raises(CheckpointError, match="--set "):
            tasnet2hef.load(path)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "options", "settings"), CASES, ids=_name)
def test_its_graph_equals_it(
    make: Make, options: dict[str, Any], settings: dict[str, object], tmp_path: Path
) -> None:
    path = saved(nets.saved(make(**options)), tmp_path / "net.pth")
    report = export_file(str(path), tmp_path / "net.onnx", ExportOptions(seconds=0.1), settings)
    assert min(row.db for row in report.parity) >= 90


@pytest.mark.parametrize("samples", [999, 1000, 1001, 1002, 1007, 1015])
def test_the_clips_padding_depends_on_its_length(samples: int, tmp_path: Path) -> None:
    for make in (more.naplab, more.tky823, nets.kaituoxu):
        net = make()
        _assert_read(net, saved(nets.saved(net), tmp_path / "net.pth"), samples=samples)


def test_demucs_says_its_class(tmp_path: Path) -> None:
    net = nets.demucs(sources=4)
    path = nets.save_demucs(net, tmp_path / "tasnet.th")
    _assert_read(net, path)
    assert any("Demucs feeds" in note for note in tasnet2hef.load(path).notes)


def test_demucs_names_only_what_is_not_its_default(tmp_path: Path) -> None:
    net = nets.demucs()
    content = nets.saved(net)
    for name in ("norm_type", "causal", "mask_nonlinear"):
        del content["kwargs"][name]
    with nets.hollow_demucs():
        path = saved(content, tmp_path / "tasnet.th")
    _assert_read(net, path)


def test_clarity_has_several_microphones(tmp_path: Path) -> None:
    path = saved(nets.saved(nets.clarity()), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match="for several microphones"):
        tasnet2hef.load(path)


@pytest.mark.parametrize(
    "options",
    [
        {"nonlinear": "sigmoid", "norm_type": "cLN", "pre_mask_nonlinear": "relu"},
        {"nonlinear": "relu", "norm_type": "gLN", "causal": True, "predict_noise": True},
        {"nonlinear": "linear", "norm_type": "BN", "pre_mask_nonlinear": "sigmoid"},
    ],
    ids=_name,
)
def test_espnet_reads_its_configuration(options: dict[str, Any], tmp_path: Path) -> None:
    net = nets.espnet(**options)
    path = nets.save_espnet_experiment(net, tmp_path / "exp", **options)
    _assert_read(net, path)
    assert tasnet2hef.load(path).sample_rate == 8000


def test_espnet_without_masks_is_refused(tmp_path: Path) -> None:
    path = nets.save_espnet_experiment(nets.espnet(), tmp_path / "exp", nonlinear="relu", masking=False)
    with pytest.raises(CheckpointError, match="masking: found false"):
        tasnet2hef.load(path)


@pytest.mark.parametrize("checkpoint", [".", "CKPT+2024-01-01+00-00-00+00", "save/CKPT+2024-01-01+00-00-00+00"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm_type": "cLN", "mask_nonlinear": "softmax"},
        {"causal": True},
        {"causal": True, "norm_type": "cLN", "taps": 5},
    ],
    ids=_name,
)
def test_speechbrain(options: dict[str, Any], checkpoint: str, tmp_path: Path) -> None:
    net = more.speechbrain(**options)
    folder = more.save_speechbrain_folder(net, tmp_path / "exp", checkpoint=checkpoint)
    _assert_read(net, folder)
    _assert_read(net, folder / checkpoint)


def test_speechbrain_with_the_other_ends_is_refused(tmp_path: Path) -> None:
    folder = more.save_speechbrain_folder(more.speechbrain(ends="conv_tasnet"), tmp_path / "exp")
    with pytest.raises(CheckpointError, match=r"conv1d_U.* reflects the clip"):
        tasnet2hef.load(folder)


def test_speechbrain_parts_belong_together(tmp_path: Path) -> None:
    folder = more.save_speechbrain_folder(more.speechbrain(), tmp_path / "exp", checkpoint="save/CKPT+1")
    parts = folder / "save" / "CKPT+1"
    for part in ("encoder", "masknet", "decoder"):
        with pytest.raises(CheckpointError, match=rf"found the {part} of a SpeechBrain .*give the folder"):
            tasnet2hef.load(parts / f"{part}.ckpt")
    (parts / "decoder.ckpt").rename(parts / "other.ckpt")
    with pytest.raises(CheckpointError, match=r"masknet.ckpt without decoder.ckpt, expected all three"):
        tasnet2hef.load(folder)
    (parts / "other.ckpt").rename(parts / "decoder.ckpt")
    more.save_speechbrain_folder(more.speechbrain(), tmp_path / "exp", checkpoint="save/CKPT+2")
    with pytest.raises(CheckpointError, match="found 2 checkpoints of SpeechBrain"):
        tasnet2hef.load(folder)


def test_speechbrain_without_its_options_is_a_question(tmp_path: Path) -> None:
    for causal in (True, False):
        net = more.speechbrain(causal=causal)
        folder = more.save_speechbrain_folder(net, tmp_path / str(causal))
        (folder / "hyperparams.yaml").unlink()
        with pytest.raises(CheckpointError, match=r"mask_act: .*; norm_type: .*; causal: --set causal=true"):
            tasnet2hef.load(folder)
        _assert_read(net, folder, {**RELU, "norm_type": "gLN", "causal": causal})
        assert tasnet2hef.load(folder, assume=True).spec.causal


def test_the_bare_weights_of_kaituoxu_are_a_question(tmp_path: Path) -> None:
    net = nets.kaituoxu(norm_type="cLN", mask_nonlinear="softmax")
    path = saved(net.state_dict(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"--set mask_act=relu .* or --set mask_act=softmax.*norm_type=gLN"):
        tasnet2hef.load(path)
    _assert_read(net, path, {"mask_act": "softmax", "norm_type": "cLN"})


def test_naplab_with_the_default_stack_is_a_question(tmp_path: Path) -> None:
    net = more.naplab(blocks=8, repeats=3)
    path = saved(nets.saved(net), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match=r"n_blocks: --set n_blocks=8 \(3 repeats\) or --set n_blocks=6"):
        tasnet2hef.load(path)
    _assert_read(net, path, {"n_blocks": 8}, samples=9000)


def test_a_softmax_over_the_batch_is_refused(tmp_path: Path) -> None:
    path = saved(nets.saved(more.jusperlee_lightning()), tmp_path / "net.ckpt")
    with pytest.raises(CheckpointError, match="mask_act: found softmax"):
        tasnet2hef.load(path, {"mask_act": "softmax"})


@pytest.mark.parametrize("make", [more.naplab, more.tky823], ids=_name)
def test_cumulative_norms_are_refused_and_read_for_freeze(make: Make, tmp_path: Path) -> None:
    path = saved(nets.saved(make(causal=True)), tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match=r"found cumulative norms \(cgLN.*freeze. and --set norm_type"):
        tasnet2hef.load(path)
    assert tasnet2hef.load(path, {"norm_type": "cgLN"}).spec.norms == ("cgLN", "cgLN", "cgLN")


@pytest.mark.parametrize(
    "changes", [{"separable": False}, {"dilated": False}, {"sep_norm": False}, {"enc_bases": "Fourier"}], ids=_name
)
def test_other_forms_of_tky823_are_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    content: dict[str, Any] = {**nets.saved(more.tky823()), **changes}
    with pytest.raises(CheckpointError, match=rf"{next(iter(changes))}: found"):
        tasnet2hef.load(saved(content, tmp_path / "net.pth"))


def test_skips_between_repeats_are_refused(tmp_path: Path) -> None:
    content: dict[str, Any] = nets.saved(more.aps_time_tcn())
    weights: dict[str, Tensor] = content["model_state"]
    weights["conv.skip_linear.0.weight"] = torch.ones(6, 6, 1)
    with pytest.raises(CheckpointError, match=r"conv.skip_linear.0.weight: found skip connections"):
        tasnet2hef.load(saved(content, tmp_path / "net.pt"))


def test_jusperlees_batch_norm_for_lightning_may_be_causal_or_not(tmp_path: Path) -> None:
    path = saved(dict(more.jusperlee_lightning(norm="bN").state_dict()), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="causal: --set causal=false or --set causal=true"):
        load_checkpoint(path, {"mask_act": "relu"})
    read = load_checkpoint(path, {"mask_act": "relu", "causal": True})
    assert (read.spec.causal, read.spec.norm_type) == (True, "bN")


def test_activations_may_be_written_in_capitals(tmp_path: Path) -> None:
    net = more.tky823(enc_nonlinear="relu")
    content = {**net.content(), "enc_nonlinear": "ReLU", "mask_nonlinear": "Sigmoid"}
    assert load_checkpoint(saved(content, tmp_path / "net.pth")).spec.encoder_activation == "relu"
    path = nets.save_espnet_experiment(
        nets.espnet(pre_mask_nonlinear="tanh"), tmp_path / "exp", pre_mask_nonlinear="Tanh", nonlinear="ReLU"
    )
    spec = load_checkpoint(path).spec
    assert (spec.mask_input_act, spec.mask_act) == ("tanh", "relu")
