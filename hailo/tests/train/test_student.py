"""Students: narrower where channels do not matter, causal, with other norms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tasnet2hef.base.errors import OptionError
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.options import Variant
from tasnet2hef.train.student import hidden_shares, make_student

MakeTeacher = Callable[..., ReferenceTasNet]


def test_channels_that_reach_nothing_are_pruned_without_loss(
    make_teacher: MakeTeacher, mixtures: torch.Tensor
) -> None:
    teacher = make_teacher(norm_type="fgLN")
    idle = [1, 4, 5, 10]
    with torch.no_grad():
        for block in teacher.masker.blocks:
            block.res_conv.weight[:, idle] = 0
            block.skip_conv.weight[:, idle] = 0
        whole = make_student(teacher, Variant(), mixtures)
        narrow = make_student(teacher, Variant(hid_chan=8), mixtures)
        torch.testing.assert_close(narrow(mixtures), whole(mixtures), rtol=1e-4, atol=1e-5)
    assert narrow.masker.blocks[0].depthwise.weight.shape == (8, 1, 3)


def test_the_channels_that_matter_least_go_first(make_teacher: MakeTeacher, mixtures: torch.Tensor) -> None:
    teacher = make_teacher()
    shares = hidden_shares(teacher.masker.blocks[0])
    narrow = make_student(teacher, Variant(norm="cLN", hid_chan=9), mixtures)
    kept = shares.topk(9).values.sort().values
    torch.testing.assert_close(hidden_shares(narrow.masker.blocks[0]).sort().values, kept)


@pytest.mark.parametrize(
    ("variant", "norm", "causal"),
    [(Variant(), "bN", False), (Variant(causal=True), "bN", True), (Variant("cLN", causal=True), "cLN", True)],
)
def test_a_variant_has_its_architecture_and_runs(
    make_teacher: MakeTeacher, mixtures: torch.Tensor, variant: Variant, norm: str, causal: bool
) -> None:
    student = make_student(make_teacher(), variant, mixtures)
    assert (student.spec.norm_type, student.spec.causal) == (norm, causal)
    with torch.no_grad():
        early, late = student(mixtures[:, :3000]), student(mixtures)
    same = torch.allclose(early[..., :1000], late[..., :1000], atol=1e-6)
    assert same, "1000 samples are far enough from the end"
    if causal:
        assert torch.allclose(early[..., :2900], late[..., :2900], atol=1e-6)


def test_biases_that_must_stay_zero_are_not_trained(make_teacher: MakeTeacher, mixtures: torch.Tensor) -> None:
    moved, kept = (make_student(make_teacher(), Variant(edges=edges), mixtures) for edges in ("moved", "kept"))
    assert not any(block.norms[0].bias.requires_grad for block in moved.masker.blocks)
    assert all(block.norms[0].bias.requires_grad for block in kept.masker.blocks)


def test_refuses_a_wider_student_and_another_norm(make_teacher: MakeTeacher) -> None:
    with pytest.raises(OptionError, match="hid-chan: found 13, expected at most the teacher's 12"):
        Variant(hid_chan=13).spec(make_teacher().spec)
    with pytest.raises(OptionError, match="norm: found 'gLN', expected frozen or cLN"):
        Variant("gLN")
    with pytest.raises(OptionError, match="norm: found cLN for a net with bN and identity norms"):
        Variant("cLN").spec(make_teacher(norm_type="bN", depthwise_norm="identity").spec)
