"""Names of the files and folders in products."""

from typing import Final

MODEL: Final = "model.pth"
GRAPH: Final = "net.onnx"
CALIBRATION: Final = "net.calib.npz"
SCRIPT: Final = "net.{precision}.alls"
SEPARATED: Final = "separated.npz"
POOL: Final = "pool"
"""Training mixtures: norms are fitted to them, and calibration windows are cut from them."""
HELD_OUT: Final = "held_out"
"""Mixtures that nothing is fitted to, as `simulate --eval` reads them."""
