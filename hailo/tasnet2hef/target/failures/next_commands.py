"""Commands that end an explanation; the names in braces are filled in from the run."""

from __future__ import annotations

from typing import Final

CHECK: Final = "tasnet2hef check {model} --hw {hardware}"
LAYERS: Final = "tasnet2hef layers {model}"
PATCH: Final = "tasnet2hef patch {model}"
CALIBRATE: Final = "tasnet2hef calibrate {model} RECORDINGS/ --windows 1024 -o {calibration}"
EXPORT_TALL: Final = "tasnet2hef convert {checkpoint} --layout tall --seconds {seconds} --hw {hardware} -o {again}"
EXPORT_SHORTER: Final = "tasnet2hef convert {checkpoint} {shorter} --hw {hardware} -o {again}"
EXPORT_SEGMENTS: Final = (
    "tasnet2hef convert {checkpoint} --seconds {seconds} --segments 2 --calib-audio RECORDINGS/ "
    "--hw {hardware} -o {again}"
)
AGAIN: Final = "tasnet2hef compile {model} --calib {calibration}{script_option} --hw {hardware} -o {output}"
SIMULATE: Final = "tasnet2hef simulate {model} {calibration}"
LOG: Final = "less {log}"
REPORT: Final = "tasnet2hef explain {log} --graph {model} --hw {hardware} -o failure_report.md"
DOCTOR: Final = "tasnet2hef doctor"
ENVIRONMENT: Final = "make hailo-env DFC=path/to/hailo_dataflow_compiler.whl"
