"""An emulator that was called as a function."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="emulator-call",
    patterns=(r"'int' object has no attribute 'shape'",),
    cause="the emulator was called in another way than infer_context and infer",
    fix="with runner.infer_context(kind) as context: runner.infer(context, arrays)",
    evidence=Evidence(source="steveonw/Piper-VITS-TTS-on-Hailo-10H@371fd0c", grade="recorded"),
    commands=(next_commands.AGAIN,),
)
