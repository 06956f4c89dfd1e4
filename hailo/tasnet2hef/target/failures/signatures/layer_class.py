"""Layers that the saved net can't be read back with."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="layer-class",
    patterns=(
        r"Unknown layer",
        r"deserialize failure",
    ),
    cause="the optimiser's own layer classes are not registered with Keras",
    fix="install the TensorFlow and Keras versions that the compiler's wheel asks for (2.18.0 and 3.5.0 "
    "for 3.33.0)",
    evidence=Evidence(source="public log", grade="recorded"),
    commands=(next_commands.ENVIRONMENT,),
    machine=True,
)
