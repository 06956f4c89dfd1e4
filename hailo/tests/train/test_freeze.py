"""Frozen nets: exact where the statistics are constant, foldable, and Asteroid's own to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tasnet2hef.base.errors import CheckpointError, OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import from_module, load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.target.check import check_file
from tasnet2hef.train.freeze import fit_constants, freeze
from tasnet2hef.train.loss import si_sdr_db
from tasnet2hef.train.saving import serialize
from tests.asteroid_oracle import asteroid_models, needs_asteroid
from tests.random_weights import random_reference
from tests.train.conftest import tone

MakeTeacher = Callable[..., ReferenceTasNet]


def agreement_db(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """Worst ratio of signal to error over sources and clips in dB."""
    error = (actual - expected).square().sum(-1)
    return float(10 * torch.log10(expected.square().sum(-1) / error).min())


@pytest.mark.parametrize("norm", ["gLN", "fgLN"])
@pytest.mark.parametrize("causal", [False, True])
def test_one_clip_has_constant_statistics_so_its_frozen_net_is_the_original(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, norm: str, causal: bool
) -> None:
    teacher, clip = make_teacher(norm_type=norm, causal=causal), mixtures[:1]
    student = freeze(teacher, clip, edges="kept")
    with torch.no_grad():
        assert agreement_db(student(clip), teacher(clip)) > 80


def test_moved_edges_are_the_same_net_away_from_the_edges(
    make_teacher: MakeTeacher, mixtures: torch.Tensor
) -> None:
    teacher, clip = make_teacher(), mixtures[:1]
    kept, moved = (freeze(teacher, clip, edges) for edges in ("kept", "moved"))
    for moved_block, kept_block in zip(moved.masker.blocks, kept.masker.blocks, strict=True):
        assert not moved_block.norms[0].bias.any()
        assert kept_block.norms[0].bias.any()
    # The second norm of a block is fitted to what its own depthwise convolution gives, edges included, so the two
    # nets differ by a little everywhere; in the middle by no more than that.
    reach = teacher.spec.receptive_field_frames * teacher.spec.stride
    with torch.no_grad():
        inside = slice(reach, -reach)
        middle = agreement_db(moved(clip)[..., inside], kept(clip)[..., inside])
        edge = agreement_db(moved(clip)[..., :reach], kept(clip)[..., :reach])
    assert middle > edge
    assert middle > 25


def test_batch_norm_keeps_its_constants_and_moves_its_edges(
    make_teacher: MakeTeacher, mixtures: torch.Tensor
) -> None:
    teacher, clip = make_teacher(norm_type="bN"), mixtures[:1]
    moved = freeze(teacher, clip)
    assert not any(block.norms[0].bias.any() or block.norms[0].running_mean.any() for block in moved.masker.blocks)
    inside = slice(teacher.spec.receptive_field_frames * teacher.spec.stride, -1000)
    with torch.no_grad():
        actual, expected = moved(clip), teacher(clip)
    assert agreement_db(actual[..., inside], expected[..., inside]) > 100
    assert not torch.allclose(actual[..., :50], expected[..., :50], rtol=1e-3), "the edges are another net's"


@pytest.mark.parametrize("norm", ["gLN", "fgLN", "cLN", "cgLN"])
@pytest.mark.parametrize("skip_chan", [0, 6])
def test_every_norm_can_be_frozen(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, norm: str, skip_chan: int
) -> None:
    teacher = make_teacher(norm_type=norm, skip_chan=skip_chan)
    student = freeze(teacher, mixtures)
    assert student.spec.norm_type == "bN"
    with torch.no_grad():
        agreement = si_sdr_db(student(mixtures), teacher(mixtures)).mean()
    assert float(agreement) > (3 if norm == "cLN" else 8), "cLN's statistics change with every frame"


def test_fitting_beats_averaged_statistics(make_teacher: MakeTeacher, mixtures: torch.Tensor) -> None:
    teacher = make_teacher(n_repeats=2)
    fitted, averaged = freeze(teacher, mixtures), freeze(teacher, mixtures)
    with torch.no_grad():
        for norm, source in zip(norms_of(averaged), norms_of(teacher), strict=True):
            norm.weight.copy_(source.gamma), norm.bias.copy_(source.beta)
        set_average_statistics(averaged, teacher, mixtures)
        agreements = [float(si_sdr_db(net(mixtures), teacher(mixtures)).mean()) for net in (fitted, averaged)]
    assert agreements[0] > agreements[1]


def norms_of(net: ReferenceTasNet) -> list[torch.nn.Module]:
    return [net.masker.bottleneck[0], *(norm for block in net.masker.blocks for norm in block.norms)]


def set_average_statistics(student: ReferenceTasNet, teacher: ReferenceTasNet, mixtures: torch.Tensor) -> None:
    """Give a student the teacher's mean and variance over all clips."""
    seen: list[torch.Tensor] = []
    handles = [
        norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) for norm in norms_of(teacher)
    ]
    teacher(mixtures)
    for handle in handles:
        handle.remove()
    for norm, values in zip(norms_of(student), seen, strict=True):
        norm.running_mean.fill_(float(values.mean()))
        norm.running_var.fill_(float(values.var()))


def test_constants_are_the_least_squares_solution() -> None:
    random = np.random.default_rng(0)
    actual = random.normal(3, 2, (5, 2, 40)).astype(np.float32)
    wanted = (actual * np.array([[1.5], [-0.2]]) + random.normal(0, 0.5, actual.shape)).astype(np.float32)
    norm = torch.nn.BatchNorm1d(2).requires_grad_(False)
    fit_constants(norm, torch.from_numpy(actual), torch.from_numpy(wanted))
    for channel in range(2):
        gain, bias = np.polyfit(actual[:, channel].ravel(), wanted[:, channel].ravel(), 1)
        assert float(norm.weight[channel]) == pytest.approx(gain, abs=1e-4)
        assert float(norm.bias[channel]) == pytest.approx(bias, abs=1e-3)


def test_a_constant_channel_gets_a_constant() -> None:
    norm = torch.nn.BatchNorm1d(1).requires_grad_(False)
    fit_constants(norm, torch.full((2, 1, 9), 0.7), torch.full((2, 1, 9), -3.0))
    assert (float(norm.weight), float(norm.bias)) == (0.0, pytest.approx(-3.0))


@pytest.mark.parametrize("edges", ["moved", "kept"])
@pytest.mark.parametrize("residual", ["separate", "joint"])
def test_a_frozen_net_folds_into_its_convolutions(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, tmp_path: Path, edges: str, residual: str
) -> None:
    student = freeze(make_teacher(), mixtures, edges)
    path = tmp_path / "net.onnx"
    report = export_checkpoint(from_module(student), path, ExportOptions(seconds=0.5, residual=residual))
    assert min(row.db for row in report.parity) > 100
    layers = check_file(path).resources.cost.layers_by_type
    assert "batch_normalization" not in layers
    blocks, decoders = len(student.spec.dilations), student.spec.n_src
    assert layers["external_pad"] == decoders + (blocks if edges == "kept" else 0)


@pytest.mark.slow
@pytest.mark.parametrize(("residual", "parsed", "fused"), [("separate", 155, 110), ("joint", 110, 85)])
def test_the_full_default_net_fits_its_budget_of_layers(
    tmp_path: Path, residual: str, parsed: int, fused: int
) -> None:
    """The budget of one or two contexts; a norm by hand in every block made 1,179 layers of the same net."""
    teacher = random_reference(TasNetSpec(n_src=2, mask_act="relu"))
    student = freeze(teacher, torch.from_numpy(tone(150.0, 0)[None]))
    path = tmp_path / "full.onnx"
    export_checkpoint(from_module(student), path, ExportOptions(seconds=0.2, residual=residual))
    cost = check_file(path).resources.cost
    assert cost.parsed_layers <= parsed
    assert cost.compiled_layers <= fused
    assert not cost.held_maps


@needs_asteroid
def test_asteroid_reads_a_frozen_net(make_teacher: MakeTeacher, mixtures: torch.Tensor, tmp_path: Path) -> None:
    student = freeze(make_teacher(), mixtures)
    path = tmp_path / "frozen.pth"
    torch.save(serialize(student, -25.0), path)
    genuine = asteroid_models().ConvTasNet.from_pretrained(str(path)).eval()
    with torch.no_grad():
        assert agreement_db(genuine(mixtures), student(mixtures)) > 100
    assert load_checkpoint(path).input_level_dbfs == -25.0


def test_refuses_norms_that_are_constants_and_unknown_edges(
    make_teacher: MakeTeacher, mixtures: torch.Tensor
) -> None:
    with pytest.raises(CheckpointError, match="found bN, whose statistics are constants already"):
        freeze(make_teacher(norm_type="bN"), mixtures, "kept")
    with pytest.raises(OptionError, match="edges: found 'cut', expected moved or kept"):
        freeze(make_teacher(), mixtures, "cut")


OF_OTHER_CODE: list[dict[str, object]] = [
    {"bottleneck_norm": "cLN", "norm_eps": 1.1920928955078125e-07},
    {"norm_type": "bN", "bottleneck_norm": "cLN"},
    {"depthwise_norm": "identity", "encoder_bias": True, "decoder_bias": True, "mask_input_act": "linear"},
    {"encoder_padding": 8, "alignment": "window"},
    {"conv_padding": "reflect", "norm_type": "bN"},
]


@pytest.mark.parametrize("options", OF_OTHER_CODE, ids=str)
def test_nets_of_other_code_are_frozen_saved_and_read(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, options: dict[str, object], tmp_path: Path
) -> None:
    teacher, clip = make_teacher(**options), mixtures[:1]
    is_reflecting = options.get("conv_padding") == "reflect"
    student = freeze(teacher, clip, edges="moved" if is_reflecting else "kept")
    assert set(student.spec.norms) == {"bN"}
    assert student.spec.conv_padding == "zeros"
    with torch.no_grad():
        # One clip has one set of statistics; a cLN has them by frame, and reflection is not zeros.
        is_exact = "cLN" not in teacher.spec.norms and not is_reflecting
        assert agreement_db(student(clip), teacher(clip)) > (80 if is_exact else 3)
        torch.save(serialize(student, -25.0), tmp_path / "frozen.pth")
        checkpoint = load_checkpoint(tmp_path / "frozen.pth")
        assert torch.equal(checkpoint.reference()(clip), student(clip))
    assert (checkpoint.spec, checkpoint.input_level_dbfs, checkpoint.notes) == (student.spec, -25.0, ())
    report = export_checkpoint(checkpoint, tmp_path / "net.onnx", ExportOptions(seconds=0.2))
    assert report.contract.norm == "folded"
