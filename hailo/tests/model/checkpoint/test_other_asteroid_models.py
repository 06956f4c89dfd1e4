"""Asteroid's other networks, genuine ones, are refused by name: live, and as state dicts without one."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import from_module, load_checkpoint
from tests.asteroid_oracle import asteroid_models, needs_asteroid

pytestmark = needs_asteroid

OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "DPRNNTasNet": ({"n_src": 2, "n_filters": 8, "bn_chan": 8, "hid_size": 8, "n_repeats": 1}, "DPRNN"),
    "DPTNet": ({"n_src": 2, "n_filters": 8, "ff_hid": 8, "n_repeats": 1, "chunk_size": 10}, "DPTNet"),
    "SuDORMRFNet": ({"n_src": 2, "bn_chan": 8, "num_blocks": 1, "n_filters": 8}, "SuDORMRF"),
    "SuDORMRFImprovedNet": ({"n_src": 2, "bn_chan": 8, "num_blocks": 1, "n_filters": 8}, "SuDORMRF"),
    "LSTMTasNet": ({"n_src": 2, "rnn_type": "lstm", "n_layers": 1, "hid_size": 8, "n_filters": 8}, "LSTMTasNet"),
    "DCUNet": ({"architecture": "mini"}, "DCUNet"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_refused_by_name(name: str, tmp_path: Path) -> None:
    options, looks_like = OTHERS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = getattr(asteroid_models(), name)(**options)
    with pytest.raises(CheckpointError, match=f"found a {name}"):
        from_module(net)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=f"looks like {looks_like}"):
        load_checkpoint(tmp_path / "net.pth")
