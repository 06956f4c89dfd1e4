"""The same net as HailoTasNet writes it, at the same length: what `check` says once the fixes are in."""

from __future__ import annotations

from functools import lru_cache

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import next_factored
from tasnet2hef.model.network.hailo_tasnet import BuildOptions, HailoTasNet
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.target.check import CheckReport, check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.train.freeze import as_batch_norm
from tests.random_weights import random_reference

REWRITTEN = {
    "gLN": BuildOptions(window_frames=next_factored(1999)),
    "bN": BuildOptions(window_frames=1999),
    "bN, --residual joint": BuildOptions(window_frames=1999, residual="joint"),
    "frozen, --residual joint": BuildOptions(window_frames=1999, residual="joint"),
}
NORMS = {"frozen": "bN"}
"""What `freeze` and `distil` write: batch norm, whose first norm of a block has no bias."""


@lru_cache(maxsize=4)
def rewritten_report(choice: str) -> CheckReport:
    """Return the check of the default net with the norm and the options named in `choice`."""
    norm = choice.partition(",")[0]
    spec = TasNetSpec(n_src=2, norm_type=NORMS.get(norm, norm))
    net = random_reference(spec, slope=(0.1, 0.7))
    if norm == "frozen":
        for block in net.masker.blocks:
            as_batch_norm(block.norms[0]).bias.data.zero_()
            as_batch_norm(block.norms[0]).running_mean.zero_()
    network = HailoTasNet(spec, net.state_dict(), REWRITTEN[choice])
    return check_graph(OpenedGraph(make_model(network)))
