"""A Python without the vendor's compiler."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-compiler",
    patterns=(r"No module named 'hailo_sdk_client'",),
    cause="the Hailo Dataflow Compiler is not installed in this Python",
    fix="install the vendor's wheel (from the vendor's developer zone) into hailo/to-hailo-env, or give "
    "the Python that has it: --python",
    evidence=Evidence(source="the interpreter's own words", grade="documented"),
    commands=(next_commands.ENVIRONMENT,),
    machine=True,
)
