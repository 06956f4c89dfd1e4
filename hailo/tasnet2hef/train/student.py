"""Builds the student that distillation starts from: frozen, or with cLN; causal; with narrower blocks.

Narrower blocks keep the hidden channels that contribute most: channel ``h`` of a block reaches the residual and
the skip sum through the columns ``W[:, h]`` of its two output convolutions, scaled by the second norm's gain, so
its share is ``|gain_h|^2 * (|W_res[:, h]|^2 + |W_skip[:, h]|^2)``. Source: structured pruning by the norm of
filters, Li et al., "Pruning filters for efficient ConvNets", ICLR 2017.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from tasnet2hef.model.network.reference import ReferenceTasNet, TcnBlock
from tasnet2hef.train.freeze import as_batch_norm, freeze
from tasnet2hef.train.options import Variant


@torch.no_grad()
def make_student(teacher: ReferenceTasNet, variant: Variant, mixtures: Tensor) -> ReferenceTasNet:
    """Return the untrained student, its constants fitted to ``mixtures`` ``[clip, sample]``."""
    spec = variant.spec(teacher.spec)
    start = freeze(teacher, mixtures, variant.edges) if variant.norm == "frozen" else teacher
    student = ReferenceTasNet(spec)
    weights = narrowed(start, spec.hid_chan) if spec.hid_chan < teacher.spec.hid_chan else start.state_dict()
    student.load_state_dict(renamed(weights, causal=spec.causal))
    keep_biases_zero(student, variant)
    return student.eval()


def keep_biases_zero(student: ReferenceTasNet, variant: Variant) -> None:
    """Exclude from training the biases that must stay zero: those before a depthwise convolution."""
    if variant.norm == "frozen" and variant.edges == "moved":
        for block in student.masker.blocks:
            as_batch_norm(block.norms[0]).bias.requires_grad_(False)


def renamed(weights: dict[str, Tensor], *, causal: bool) -> dict[str, Tensor]:
    """Rename the depthwise convolution to its name in a causal (``3.0``) or in another net (``3``).

    >>> list(renamed({"TCN.0.shared_block.3.bias": torch.zeros(1)}, causal=True))
    ['TCN.0.shared_block.3.0.bias']
    """
    plain = {name.replace("shared_block.3.0.", "shared_block.3."): weight for name, weight in weights.items()}
    if not causal:
        return plain
    return {name.replace("shared_block.3.", "shared_block.3.0."): weight for name, weight in plain.items()}


def narrowed(net: ReferenceTasNet, hidden: int) -> dict[str, Tensor]:
    """Return the weights of ``net`` with the ``hidden`` channels of each block that contribute most."""
    weights = dict(net.state_dict())
    for index, block in enumerate(net.masker.blocks):
        kept = hidden_shares(block).topk(hidden).indices.sort().values
        for name in [name for name in weights if name.startswith(f"masker.TCN.{index}.")]:
            weights[name] = narrow_tensor(name, weights[name], kept, net.spec.hid_chan)
    return weights


def hidden_shares(block: TcnBlock) -> Tensor:
    """Return the share of each hidden channel ``[H]`` of a block; see the module."""
    norm = block.norms[1]
    gain = cast(Tensor, norm.weight if isinstance(norm, nn.BatchNorm1d) else norm.gamma)
    columns = block.res_conv.weight.square().sum((0, 2))
    if block.skip_conv is not None:
        columns = columns + block.skip_conv.weight.square().sum((0, 2))
    shares: Tensor = gain.square() * columns
    return shares


def narrow_tensor(name: str, weight: Tensor, kept: Tensor, hidden: int) -> Tensor:
    """Select hidden channels of a weight of a block: inputs of its output convolutions, outputs of all else."""
    if name.endswith(("res_conv.weight", "skip_conv.weight")):
        return weight[:, kept]
    is_shared = ".shared_block." in name and weight.ndim and weight.shape[0] == hidden
    return weight[kept] if is_shared else weight
