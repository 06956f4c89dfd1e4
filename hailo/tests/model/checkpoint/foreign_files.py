"""Checkpoints in the layouts of other implementations, made by renaming the weights of a random net of our own.

They show that names, files and options are read; what the genuine networks compute is tested elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
import yaml
from torch import Tensor

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint.layouts import kaituoxu, naplab, speechbrain
from tasnet2hef.model.checkpoint.renaming import Names
from tests.random_weights import random_reference

SMALL: Final[dict[str, Any]] = {
    "n_src": 2,
    "n_filters": 16,
    "kernel_size": 16,
    "bn_chan": 8,
    "hid_chan": 12,
    "skip_chan": 0,
    "n_blocks": 3,
    "n_repeats": 2,
    "encoder_activation": "relu",
    "mask_act": "relu",
    "bottleneck_norm": "cLN",
    "mask_input_act": "linear",
}
_BIAS_OF_CONV = re.compile(r".*(bottleneck\.1|mask_net\.1|shared_block\.(0|3|3\.0)|res_conv)\.bias")


def spec_of(**options: object) -> TasNetSpec:
    """Return the spec of a small net without skip path, as most of the family has it."""
    return TasNetSpec.from_options({**SMALL, **options})


def renamed(
    spec: TasNetSpec, names: Names, block: Callable[[int, int], str], *, biases: bool
) -> dict[str, Tensor]:
    """Return a random net's weights under other names; ``block`` names the modules of a repeat's block."""
    outside = {ours: theirs for theirs, ours in reversed(names.outside.items())}
    inside = {ours: theirs for theirs, ours in reversed(names.inside.items())}
    state: dict[str, Tensor] = {}
    for name, tensor in random_reference(spec).state_dict().items():
        if not biases and _BIAS_OF_CONV.fullmatch(name):
            continue
        plain = name.replace("shared_block.3.0.", "shared_block.3.").replace(
            "filterbank._filters", "filterbank.weight"
        )
        match = re.fullmatch(r"masker\.TCN\.(\d+)\.(.+)\.(\w+)", plain)
        if match is None:
            module, _, parameter = plain.rpartition(".")
            state[f"{outside[module]}.{parameter}"] = tensor
        else:
            repeat, number = divmod(int(match[1]), spec.n_blocks)
            state[f"{block(repeat, number)}{inside[match[2]]}.{match[3]}"] = tensor
    return state


def kaituoxu_package(spec: TasNetSpec) -> dict[str, Any]:
    """Return what kaituoxu's trainer saves."""
    names = kaituoxu.names_of_blocks("separator.network", causal=spec.causal)
    names = Names(
        {k: v for k, v in names.outside.items() if "1d" not in k or "_U" in k}, names.block, names.inside
    )
    state = renamed(spec, names, lambda r, x: f"separator.network.2.{r}.{x}.", biases=False)
    state["decoder.basis_signals.weight"] = state["decoder.basis_signals.weight"][:, 0].T
    letters = {
        "N": spec.n_filters,
        "L": spec.kernel_size,
        "B": spec.bn_chan,
        "H": spec.hid_chan,
        "P": spec.conv_kernel_size,
        "X": spec.n_blocks,
        "R": spec.n_repeats,
        "C": spec.n_src,
    }
    options = {"norm_type": spec.norm_type, "causal": spec.causal, "mask_nonlinear": spec.mask_act}
    return {**letters, **options, "state_dict": state, "epoch": 3, "tr_loss": torch.zeros(3)}


def espnet_experiment(folder: Path, spec: TasNetSpec) -> Path:
    """Write averaged weights and ``config.yaml``; return the weights' path."""
    names = kaituoxu.names_of_blocks("separator.tcn.network", causal=spec.causal)
    outside = {k: v for k, v in names.outside.items() if k not in ("encoder.conv1d_U", "decoder.basis_signals")}
    network = Names(outside, names.block, names.inside)
    state = renamed(spec, network, lambda r, x: f"separator.tcn.network.2.{r}.{x}.", biases=False)
    separator = {
        "num_spk": spec.n_src,
        "layer": spec.n_blocks,
        "stack": spec.n_repeats,
        "norm_type": spec.norm_type,
        "causal": spec.causal,
        "nonlinear": spec.mask_act,
        "pre_mask_nonlinear": "linear",
    }
    encoder = {"channel": spec.n_filters, "kernel_size": spec.kernel_size, "stride": spec.stride}
    conf = {
        "encoder": "conv",
        "encoder_conf": encoder,
        "separator": "tcn",
        "separator_conf": separator,
        "fs": "8k",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(conf))
    torch.save(state, folder / "valid.loss.ave.pth")
    return folder / "valid.loss.ave.pth"


def speechbrain_experiment(folder: Path, spec: TasNetSpec, changes: Mapping[str, object] | None = None) -> Path:
    """Write the three parts in ``save/CKPT+...`` and ``hyperparams.yaml`` above; return the ``save`` folder."""
    names = speechbrain._NAMES
    outside = {k: v for k, v in names.outside.items() if "conv1d_U" not in k and "basis" not in k}
    inside = {
        k: v for k, v in names.inside.items() if not k.endswith("norm.norm") and not k.endswith("act_0.norm")
    }
    block = "masknet.temporal_conv_net.temporalblock_{}_{}.layers."
    state = renamed(spec, Names(outside, names.block, inside), lambda r, x: block.format(r, x), biases=False)
    parts = folder / "save" / "CKPT+2024-01-01+00-00-00+00"
    parts.mkdir(parents=True, exist_ok=True)
    for part in ("encoder", "masknet", "decoder"):
        inner = {k.removeprefix(f"{part}."): v for k, v in state.items() if k.startswith(f"{part}.")}
        torch.save(inner, parts / f"{part}.ckpt")
    torch.save({"epoch": 1}, parts / "counter.ckpt")
    mask_net = {"N": spec.n_filters, "X": spec.n_blocks, "R": spec.n_repeats, "P": spec.conv_kernel_size}
    mask_net |= {"norm_type": spec.norm_type, "causal": spec.causal, "mask_nonlinear": spec.mask_act}
    text = yaml.safe_dump({"sample_rate": spec.sample_rate, "num_spks": spec.n_src})
    text += "MaskNet: !new:speechbrain.lobes.models.conv_tasnet.MaskNet\n"
    text += "".join(f"    {name}: {value}\n" for name, value in {**mask_net, **(changes or {})}.items())
    (folder / "hyperparams.yaml").write_text(text)
    return folder / "save"


def naplab_weights(spec: TasNetSpec) -> dict[str, Tensor]:
    """Return a state dict of the authors' implementation."""
    names = naplab._NAMES

    def block(repeat: int, number: int) -> str:
        return f"TCN.TCN.{repeat * spec.n_blocks + number}."

    state = renamed(spec, names, block, biases=True)
    return {name.replace(".gamma", ".weight").replace(".beta", ".bias"): tensor for name, tensor in state.items()}
