"""Lowers an ir_version that is newer than the compiler's onnx package."""

from __future__ import annotations

import onnx

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.known.releases import NEWEST_IR_VERSION
from tasnet2hef.target.patch.patch import Patch


def lower_ir_version(model: onnx.ModelProto) -> list[str]:
    """Set ``ir_version`` to the newest that is read; what it stores is the same for the operators of the chip."""
    found = model.ir_version
    if found <= NEWEST_IR_VERSION:
        return []
    model.ir_version = NEWEST_IR_VERSION
    return [f"ir_version: {found} to {NEWEST_IR_VERSION}"]


PATCH = Patch(
    patch_id="ir-version",
    why="the compiler's own onnx refuses files of a newer ir_version before it reads an operator",
    evidence=Evidence("public log (operator sweep)", "recorded", version="5.3.0", hardware=("hailo10h",)),
    apply=lower_ir_version,
)
