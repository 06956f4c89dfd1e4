"""The compiler's own limits on rows, buffers and shifts, each with its source."""

from __future__ import annotations

from tasnet2hef.target.known.chip import Figure

_PROJECTS = "Hearable-Dongle/signal-processing-research, hailo/, DFC 3.33.0, hailo8"
_ZOO = "hailo-ai/hailo_model_zoo v2.18, buffers(...) of shipped model scripts"

ROW_PASS_BYTES = Figure(
    262_144, "bytes", _PROJECTS, "recorded", "1x1 convolutions at 1024 x 256 and 512 x 512 columns x features"
)
ROW_WIDEST_PASS_BYTES = Figure(
    384_000, "bytes", "hailocs/hailo-whisper, tiny encoder at 10 s", "recorded", "1000 x 384, once"
)
ROW_FAIL_BYTES = Figure(
    512_000,
    "bytes",
    f"{_PROJECTS}; hailocs/hailo-whisper, base encoder at 10 s",
    "recorded",
    "2000 x 256 and 1000 x 512; the edge lies between 384,000 and 512,000",
)
CONCAT_ROW_FAIL_BYTES = Figure(
    310_800, "bytes", "public log of a YOLO head", "recorded", "concat of [1, 37, 8400], Agent infeasible"
)
BUFFER_BYTES = Figure(32_768, "bytes", _ZOO, "inferred", "the most common ceiling of a buffer between two layers")
BUFFER_LARGEST_BYTES = Figure(65_536, "bytes", _ZOO, "inferred", "the largest one seen (ResNet-50)")
BUFFER_ROWS = Figure(255, "rows", _ZOO, "recorded", "the largest number in 2,125 buffers lines")
MEAN_SHIFT_BITS = Figure(
    8,
    "bits",
    f"{_PROJECTS}, issues.md",
    "recorded",
    "a mean over 1,999 positions asked for a shift of 10 where the unit has 8 data bits",
)
MEAN_STEP = Figure(128, "positions", "arithmetic on the shift above", "inferred", "the longest step of a mean")
LAYER_NORM_LAYERS = Figure(
    20, "layers", "hailo-ai/hailo_model_zoo v2.18, deit_base.alls", "recorded", "of one layer norm, compiled"
)
