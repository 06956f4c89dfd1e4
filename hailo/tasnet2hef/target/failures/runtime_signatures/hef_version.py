"""A program that this runtime can't read."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="hef-version",
    patterns=(
        r"HailoRTInvalidHEF\w*",
        r"HAILO_INVALID_HEF",
        r"HEF (format )?version",
        r"HAILO_HEF_FILE_CORRUPTED",
    ),
    cause="this HailoRT can't read the HEF: its compiler is newer, or the file is damaged",
    fix=(
        "pair them (compiler 3.30 with HailoRT 4.20, 3.31 with 4.21, 3.32 with 4.22, 3.33 with 4.23, 5.x "
        "with 5.x), or copy the HEF again"
    ),
    evidence=Evidence(source="model zoo's change log; community topics 13704 and 19032", grade="recorded"),
    commands=(),
)
