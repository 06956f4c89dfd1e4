"""The stand-ins for other projects' nets against recorded outputs of the genuine classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.model.checkpoint import foreign_nets as nets
from tests.model.checkpoint import foreign_nets_more as more
from tests.model.checkpoint.comparison import assert_same_waveforms
from tests.target.graph.conftest import EVIDENCE

FOREIGN = EVIDENCE / "foreign"
pytestmark = pytest.mark.skipif(not FOREIGN.is_dir(), reason=f"the recorded checkpoints are not at {FOREIGN}")

Make = Callable[..., nets.ForeignNet]
SIZES = {"filters": 32, "kernel": 16, "bottleneck": 16, "hidden": 32, "blocks": 3, "repeats": 2, "sources": 2}
CASES: dict[str, tuple[Make, dict[str, Any]]] = {
    "kaituoxu": (nets.kaituoxu, {}),
    "kaituoxu_bare": (nets.kaituoxu, {"mask_nonlinear": "softmax"}),  # not relu, as its case.json has it
    "kaituoxu_BN": (nets.kaituoxu, {"norm_type": "BN"}),
    "kaituoxu_cLN_causal": (nets.kaituoxu, {"norm_type": "cLN", "causal": True}),
    "kaituoxu_softmax": (nets.kaituoxu, {"mask_nonlinear": "softmax"}),
    "clarity_cad2_ch1": (nets.kaituoxu, {}),
    "clarity_cad2_hf_ch1": (nets.kaituoxu, {}),
    "demucs_v2_ch1": (nets.demucs, {"sources": 4}),
    "demucs_v2_state_ch1": (nets.demucs, {"sources": 4}),
    "espnet": (nets.espnet, {}),
    "espnet_GN": (nets.espnet, {"norm_type": "GN"}),
    "espnet_causal_cLN": (nets.espnet, {"norm_type": "cLN", "causal": True}),
    "espnet_linear_pre": (nets.espnet, {"pre_mask_nonlinear": "linear"}),
    "speechbrain": (more.speechbrain, {}),
    "speechbrain_causal_cLN": (more.speechbrain, {"norm_type": "cLN", "causal": True}),
    "speechbrain_causal_gLN": (more.speechbrain, {"causal": True}),
    "funcwj_BN": (more.funcwj, {"norm": "BN"}),
    "funcwj_cLN": (more.funcwj, {"norm": "cLN"}),
    "funcwj_gLN": (more.funcwj, {"norm": "gLN"}),
    "jusperlee": (more.jusperlee, {}),
    "jusperlee_bn_causal": (more.jusperlee, {"norm": "bn", "causal": True}),
    "jusperlee_cln": (more.jusperlee, {"norm": "cln"}),
    "jusperlee_lightning": (more.jusperlee_lightning, {}),
    "aps_time_tcn": (more.aps_time_tcn, {"norm": "gLN"}),
    "wangkenpu": (more.wangkenpu, {}),
    "naplab": (more.naplab, {}),
    "tky823_relu_noncausal": (more.tky823, {"skip_channels": 16}),
    "tky823_softmax": (more.tky823, {"skip_channels": 16, "mask_nonlinear": "softmax"}),
}
NAMES_ONLY: dict[str, tuple[Make, dict[str, Any]]] = {
    "clarity_mc": (nets.clarity, {"spatial_filters": 16, "sources": 1}),
    "naplab_causal": (more.naplab, {"causal": True}),
    "tky823_causal": (more.tky823, {"causal": True, "skip_channels": 16}),
}
WEIGHTS_UNDER = ("state_dict", "model_state_dict", "model_state", "state")


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    """Read the recorded weights out of whatever lies beside them."""
    model = next(path for path in folder.iterdir() if path.name.startswith("model"))
    if model.is_dir() and (model / "model.safetensors").is_file():
        load_file: Any = pytest.importorskip("safetensors.torch").load_file
        return dict(load_file(model / "model.safetensors"))
    if model.is_dir():
        parts = {name: _loaded(next(model.rglob(f"{name}.ckpt"))) for name in ("encoder", "masknet", "decoder")}
        return {f"{part}.{name}": weight for part, weights in parts.items() for name, weight in weights.items()}
    content = _loaded(model)
    return dict(next((content[key] for key in WEIGHTS_UNDER if key in content), content))


def _loaded(path: Path) -> dict[str, Any]:
    with nets.hollow_demucs():
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    return content


@pytest.mark.parametrize("name", CASES)
def test_equals_the_genuine_class(name: str) -> None:
    make, options = CASES[name]
    net = make(**{**SIZES, **options})
    net.load_state_dict(_weights(FOREIGN / name), strict=True)
    recorded = np.load(FOREIGN / name / "case.npz")
    with torch.no_grad():
        output = net(torch.from_numpy(recorded["input"]))[0]
    assert_same_waveforms(
        output[:, :-64], torch.from_numpy(recorded["output"])[: len(output), :-64], at_least_db=100
    )


@pytest.mark.parametrize("name", NAMES_ONLY)
def test_has_the_genuine_names(name: str) -> None:
    make, options = NAMES_ONLY[name]
    make(**{**SIZES, **options}).load_state_dict(_weights(FOREIGN / name), strict=True)
