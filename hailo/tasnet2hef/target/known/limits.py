"""The compiler's own limits on rows, buffers and shifts, each with its source."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.known.evidence import Evidence, Figure

_PROJECTS = "Hearable-Dongle/signal-processing-research, hailo/, DFC 3.33.0, hailo8"
_ZOO = "hailo-ai/hailo_model_zoo v2.18, buffers(...) of shipped model scripts"

ROW_PASS_BYTES: Final = Figure(
    262_144,
    "bytes",
    Evidence(_PROJECTS, "recorded"),
    "1x1 convolutions at 1024 x 256 and 512 x 512 columns x features",
)
ROW_WIDEST_PASS_BYTES: Final = Figure(
    384_000, "bytes", Evidence("hailocs/hailo-whisper, tiny encoder at 10 s", "recorded"), "1000 x 384, once"
)
ROW_FAIL_BYTES: Final = Figure(
    512_000,
    "bytes",
    Evidence(f"{_PROJECTS}; hailocs/hailo-whisper, base encoder at 10 s", "recorded"),
    "2000 x 256 and 1000 x 512; the edge lies between 384,000 and 512,000",
)
ROW_SPLIT_COLUMNS: Final = Figure(
    500,
    "columns",
    Evidence("hailocs/hailo-whisper, tiny encoder at 10 s; hailo_model_zoo v2.18, vit_base.alls", "recorded"),
    "tokens of 500 x 1,536 and 197 x 3,072 compiled: few columns are split over the features",
)
ROW_SPLIT_PASS_BYTES: Final = Figure(
    768_000, "bytes", Evidence("hailocs/hailo-whisper, tiny encoder at 10 s", "recorded"), "500 x 1,536"
)
CONCAT_ROW_FAIL_BYTES: Final = Figure(
    310_800,
    "bytes",
    Evidence("public log of a YOLO head", "recorded"),
    "concat of [1, 37, 8400], Agent infeasible",
)
BUFFER_BYTES: Final = Figure(
    32_768, "bytes", Evidence(_ZOO, "inferred"), "the most common ceiling of a buffer between two layers"
)
BUFFER_LARGEST_BYTES: Final = Figure(
    65_536, "bytes", Evidence(_ZOO, "inferred"), "the largest one seen (ResNet-50)"
)
BUFFER_ROWS: Final = Figure(255, "rows", Evidence(_ZOO, "recorded"), "the largest number in 2,125 buffers lines")
MEAN_SHIFT_BITS: Final = Figure(
    8,
    "bits",
    Evidence(f"{_PROJECTS}, issues.md", "recorded"),
    "a mean over 1,999 positions asked for a shift of 10 where the unit has 8 data bits",
)
MEAN_FAIL_POSITIONS: Final = Figure(
    1_999,
    "positions",
    Evidence(f"{_PROJECTS}, issues.md", "recorded"),
    "the mean of the squares of a norm, by the recorded parse",
)
MEAN_PASS_POSITIONS: Final = Figure(
    7_680,
    "positions",
    Evidence("hailo-ai/hailo_model_zoo v2.18, hailo8/base/stdc1.alls, DFC 3.33.1, hailo8", "recorded"),
    "values behind a ReLU: 1,920 and 7,680 positions compiled as they are, 30,720 were reduced by the script",
)
MEAN_STEP: Final = Figure(
    128, "positions", Evidence("arithmetic on the shift above", "inferred"), "the longest step of a mean"
)
LAYER_NORM_LAYERS: Final = Figure(
    20,
    "layers",
    Evidence("hailo-ai/hailo_model_zoo v2.18, deit_base.alls", "recorded"),
    "of one layer norm, compiled",
)
