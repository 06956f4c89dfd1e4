"""A runtime that was built for NumPy 1."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="numpy-too-new",
    patterns=(r"compiled using NumPy 1\.x", r"numpy\.core\.multiarray failed to import", r"_ARRAY_API not found"),
    cause="this NumPy is too new for HailoRT's Python package",
    fix="pip install 'numpy<2' in this Python",
    evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py: needs numpy < 2", grade="documented"),
    commands=(),
)
